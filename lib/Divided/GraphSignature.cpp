// SPDX-License-Identifier: Apache-2.0
#include "tsum/Divided/GraphSignature.h"
#include "tsum/Graph/Layout.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tsum::divided {

std::uint64_t
graph_signature(std::span<const Node::Ptr> outputs,
                const std::function<void(const InputNode &, FieldWriter &)> &describe) {
  FieldWriter writer;
  for (const OrderedNode &entry : evaluation_order(outputs, /*with_inputs=*/true)) {
    const Node &node = *entry.node;
    writer.write(node.shape);
    writer.write(node.dtype);
    if (entry.state.values) {
      if (const std::int64_t bytes = byte_count(node.shape, node.dtype); bytes > 0)
        writer.write(std::uint64_t{
            XXH3_64bits(node.row_major_values()->data, static_cast<std::size_t>(bytes))});
    } else if (const InputNode *input = as_input(node, /*has_values=*/false)) {
      describe(*input, writer);
    } else {
      writer.write(static_cast<const Description &>(node));
      writer.write(entry.operands);
    }
  }
  return XXH3_64bits(writer.words.data(), writer.words.size() * sizeof(writer.words[0]));
}

} // namespace tsum::divided
