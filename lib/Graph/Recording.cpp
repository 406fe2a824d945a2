// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/Recording.h"

#include <atomic>

namespace tsum {

struct Recording::Record {
  std::atomic<bool> is_open = false;
  // Nodes are added by the thread that opened it alone; they are read when the recording goes.
  std::vector<std::weak_ptr<const Node>> nodes;

  /// Those that were opened on this thread, closed ones among them until somebody looks.
  static std::vector<std::shared_ptr<Record>> &of_thread() {
    thread_local std::vector<std::shared_ptr<Record>> records;
    return records;
  }
};

Recording::Recording() : record(std::make_shared<Record>()) {}

Recording::~Recording() {
  close();
  for (const std::weak_ptr<const Node> &node : record->nodes)
    if (Node::Ptr alive = node.lock())
      alive->release_origin();
  record->nodes.clear();
}

void Recording::open() {
  close();
  record->is_open = true;
  Record::of_thread().push_back(record);
}

void Recording::close() {
  record->is_open = false;
  std::erase(Record::of_thread(), record);
}

bool Recording::is_on() {
  std::vector<std::shared_ptr<Record>> &records = Record::of_thread();
  std::erase_if(records, [](const auto &record) { return !record->is_open; });
  return !records.empty();
}

void Recording::note(const std::shared_ptr<Node> &node) {
  if (Record::of_thread().empty() || !is_on())
    return;
  for (const std::shared_ptr<Record> &record : Record::of_thread()) {
    node->keep_origin();
    record->nodes.push_back(node);
  }
}

} // namespace tsum
