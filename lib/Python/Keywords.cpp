// SPDX-License-Identifier: Apache-2.0
//
// What is said of a keyword that a function has not.
#include "Operations.h"

#include <algorithm>
#include <numeric>

namespace tsum::python {

namespace {

/// Names that other libraries have for a parameter.
constexpr std::pair<std::string_view, std::string_view> others[] = {{"dim", "axis"},
                                                                    {"dims", "axis"},
                                                                    {"reduction_indices", "axis"},
                                                                    {"axes", "axis"},
                                                                    {"axis", "axes"},
                                                                    {"a", "input_tensor"},
                                                                    {"x", "input_tensor"},
                                                                    {"input", "input_tensor"},
                                                                    {"arr", "x"},
                                                                    {"input_tensor", "x"},
                                                                    {"a", "x"},
                                                                    {"x1", "x"},
                                                                    {"x2", "y"},
                                                                    {"b", "y"},
                                                                    {"other", "y"},
                                                                    {"correction", "ddof"},
                                                                    {"eps", "epsilon"}};

std::string without_underscores(std::string_view name) {
  std::string plain;
  for (char c : name)
    if (c != '_')
      plain += c;
  return plain;
}

/// How many letters must be put in, taken out or changed to make one of the other (Levenshtein).
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j)
      diagonal = std::exchange(
          row[j + 1], std::min({row[j] + 1, row[j + 1] + 1, diagonal + (from[i] != to[j])}));
  }
  return row.back();
}

} // namespace

Parameters::Parameters(std::string_view signature) {
  const std::size_t open = signature.find('(');
  function = signature.substr(4, open - 4); // after "def "
  std::string_view rest = signature.substr(open + 1, signature.rfind(") ->") - open - 1);
  while (!rest.empty()) {
    const std::size_t comma = rest.find(", ");
    const std::string_view parameter = rest.substr(0, comma);
    if (const std::size_t colon = parameter.find(':'); colon != std::string_view::npos)
      names.emplace_back(parameter.substr(0, colon));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 2);
  }
}

void Parameters::raise(const nb::kwargs &unknown) const {
  const auto given = nb::cast<std::string>((*unknown.begin()).first);
  auto has = [&](std::string_view name) { return std::ranges::find(names, name) != names.end(); };
  std::string nearest;
  for (const auto &[other, ours] : others)
    if (nearest.empty() && other == given && has(ours))
      nearest = ours;
  if (nearest.empty() && !names.empty()) {
    const std::string plain = without_underscores(given);
    auto away = [&](const std::string &name) { return distance(plain, without_underscores(name)); };
    const std::string &candidate = *std::ranges::min_element(names, {}, away);
    if (away(candidate) <= std::max<std::size_t>(1, candidate.size() / 3))
      nearest = candidate;
  }
  std::string message = function + ": there is no parameter '" + given + "'";
  if (!nearest.empty()) {
    message += " (did you mean " + nearest + "=?)";
  } else {
    message += " (it has";
    for (const std::string &name : names)
      message += (&name == &names.front() ? " " : ", ") + name;
    message += ")";
  }
  PyErr_SetString(PyExc_TypeError, message.c_str());
  throw nb::python_error();
}

} // namespace tsum::python
