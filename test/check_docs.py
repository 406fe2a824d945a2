#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that what the documents quote is what the files say and the tools print, and that their
links lead somewhere.

    check_docs.py [--fix] BIN DOCUMENT...

A fenced block that follows one of these comments must hold

    <!-- file: docs/examples/norm.cpp -->               the file, from the root of the sources
    <!-- output: tsum-opt docs/examples/norm.mlir -->   what the command prints, run in the root
    <!-- output from "pattern": tsum-opt ... -->        that, from the first line with it on

The tools come from the folder BIN. --fix writes the blocks instead.
"""
import difflib
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(
    r'<!-- (?P<kind>file|output)(?: from "(?P<start>[^"]*)")?: (?P<what>[^\n]*?) -->\n\n?'
    r"```\w*\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


def expected(block, tools):
    if block["kind"] == "file":
        return (ROOT / block["what"]).read_text()
    # Nothing is found in the user's cache.
    environment = dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}", TSUM_CACHE_DIR="")
    run = subprocess.run(block["what"], shell=True, cwd=ROOT, env=environment, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    lines = run.stdout.strip("\n").splitlines()
    if block["start"]:
        first = next((i for i, line in enumerate(lines) if block["start"] in line), 0)
        lines = lines[first:]
    return "\n".join(lines) + "\n"


def anchors(document):
    """What a link to a heading of `document` may say, as GitHub makes it."""
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ +(.*)", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(document):
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        if not file.exists():
            yield f"{target}: no such file"
        elif anchor and anchor not in anchors(file):
            yield f"{target}: no such heading"


def main():
    arguments = sys.argv[1:]
    fix = "--fix" in arguments
    tools, *documents = [a for a in arguments if a != "--fix"]
    tools = pathlib.Path(tools).resolve()
    stale = checked = broken = 0
    for document in map(pathlib.Path, documents):
        text = document.read_text()
        for block in reversed(list(BLOCK.finditer(text))):
            checked += 1
            new = expected(block, tools)
            if new == block["text"]:
                continue
            stale += 1
            print(f"{document}: {block['what']}")
            sys.stdout.writelines(difflib.unified_diff(
                block["text"].splitlines(True), new.splitlines(True), "document", "now"))
            text = text[: block.start("text")] + new + text[block.end("text"):]
        if fix:
            document.write_text(text)
        for fault in broken_links(document):
            broken += 1
            print(f"{document}: {fault}")
    print(f"{checked} blocks, {stale} stale" + (", written" if fix and stale else ""))
    if broken:
        sys.exit(f"{broken} links are broken")
    if checked == 0 or (stale and not fix):
        sys.exit("run tools/dev docs to write what is stale")


if __name__ == "__main__":
    main()
