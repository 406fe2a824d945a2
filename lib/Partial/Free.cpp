// SPDX-License-Identifier: Apache-2.0
//
// Reductions that need no order: the results of parts are combined as elements are.
#include "Content.h"

#include "tsum/eval.h"

namespace tsum::partial {

namespace {

class Free final : public Content {
public:
  Free(const Whole &whole, Tensor results) : whole(whole), results(std::move(results)) {}

  [[nodiscard]] Ptr merged(const Content &other) const override {
    const Tensor &others = static_cast<const Free &>(other).results;
    const Tensor combined(std::make_shared<Node>(op_info(whole.op).combiner, whole.result,
                                                 whole.result_shape(),
                                                 std::vector{results.node(), others.node()}));
    eval(combined);
    return std::make_shared<Free>(whole, combined);
  }

  void append(const Content &next) override {
    results = static_cast<const Free &>(*merged(next)).results;
  }

  [[nodiscard]] Tensor result() const override { return results; }

  void write(ByteWriter &writer) const override {
    writer.write_elements({elements(), static_cast<std::size_t>(results.size()) * size()}, size());
  }

  [[nodiscard]] std::string to_string() const override {
    return "\n  " + first_of(results.size(), [this](std::int64_t i) {
             return element_to_string(whole.result, elements() + i * tsum::size_of(whole.result));
           });
  }

private:
  [[nodiscard]] const std::byte *elements() const {
    return static_cast<const std::byte *>(results.bytes());
  }
  [[nodiscard]] std::size_t size() const {
    return static_cast<std::size_t>(tsum::size_of(whole.result));
  }

  Whole whole;
  Tensor results; ///< evaluated
};

} // namespace

Work make_free(const Whole &whole, const Tensor &reduction) {
  return {{reduction}, [whole, reduction] { return std::make_shared<Free>(whole, reduction); }};
}

Content::Ptr read_free(const Whole &whole, ByteReader &reader) {
  const std::vector<std::byte> elements = reader.read_elements(
      whole.size_of(whole.kept()), static_cast<std::size_t>(tsum::size_of(whole.result)));
  return std::make_shared<Free>(whole, whole.results(elements.data()));
}

} // namespace tsum::partial
