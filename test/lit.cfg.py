# SPDX-License-Identifier: Apache-2.0
#
# What `config` holds already comes from lit.site.cfg.py, which CMake writes: run lit on
# <build>/test.
import os

import lit.formats

config.name = "tsum"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "data", "python", "unit"]
config.test_source_root = os.path.dirname(__file__)

config.environment["PATH"] = os.pathsep.join(
    [config.tsum_tools_dir, config.llvm_tools_dir, config.environment["PATH"]]
)
config.environment["FILECHECK_OPTS"] = "-enable-var-scope --allow-unused-prefixes=false"
config.substitutions.append(("%cmake", config.cmake))
config.substitutions.append(("%build", config.build_dir))
config.substitutions.append(("%data", os.path.join(config.test_source_root, "data")))
# What is tested is the compiler and not what an earlier run left on disk, nor generic code.
config.environment["TSUM_CACHE_DIR"] = ""
config.environment["TSUM_SPECIALIZE"] = "always"
