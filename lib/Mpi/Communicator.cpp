// SPDX-License-Identifier: Apache-2.0
#include "Communicator.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <limits>
#include <mutex>
#include <numeric>
#include <thread>

namespace tsum::mpi {

void append(Bytes &bytes, std::int64_t number) {
  const auto *first = reinterpret_cast<const std::byte *>(&number);
  bytes.insert(bytes.end(), first, first + sizeof number);
}

std::int64_t take_number(std::span<const std::byte> &bytes) {
  std::int64_t number;
  std::memcpy(&number, bytes.data(), sizeof number);
  bytes = bytes.subspan(sizeof number);
  return number;
}

namespace {

std::atomic<std::int64_t> timeout_ns = 0;

constexpr int tag = 1;

void check(int code, const char *what) {
  if (code == MPI_SUCCESS)
    return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw Error(std::string("mpi: ") + what + ": " + std::string(text.data(), length));
}

/// The key under which a communicator keeps ours, and what frees that with it.
int attribute_key() {
  static const int key = [] {
    int made = MPI_KEYVAL_INVALID;
    check(MPI_Comm_create_keyval(
              MPI_COMM_NULL_COPY_FN,
              [](MPI_Comm, int, void *value, void *) {
                delete static_cast<std::shared_ptr<Communicator> *>(value);
                return MPI_SUCCESS;
              },
              &made, nullptr),
          "creating an attribute");
    return made;
  }();
  return key;
}

int count_of(std::size_t bytes) {
  if (bytes > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw Error("mpi: " + std::to_string(bytes) +
                " bytes are more than MPI sends at once (2^31 - 1; divide the tensors otherwise)");
  return static_cast<int>(bytes);
}

/// Where each of several lists begins in one behind the other.
std::vector<int> places_of(const std::vector<int> &counts) {
  std::vector<int> places(counts.size(), 0);
  std::int64_t sum = 0;
  for (std::size_t n = 0; n < counts.size(); ++n) {
    places[n] = count_of(static_cast<std::size_t>(sum));
    sum += counts[n];
  }
  (void)count_of(static_cast<std::size_t>(sum));
  return places;
}

} // namespace

void set_timeout(std::chrono::nanoseconds limit) { timeout_ns = limit.count(); }

Communicator::Communicator(MPI_Comm given) {
  check(MPI_Comm_dup(given, &comm), "duplicating the communicator");
  check(MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN), "setting an error handler");
  check(MPI_Comm_rank(comm, &this_rank), "asking for the rank");
  check(MPI_Comm_size(comm, &ranks), "asking for the size");
}

std::shared_ptr<Communicator> Communicator::of(MPI_Comm comm) {
  int is_initialized = 0, is_finalized = 0;
  MPI_Initialized(&is_initialized);
  MPI_Finalized(&is_finalized);
  if (!is_initialized || is_finalized)
    throw Error("mpi: MPI is not running (call MPI_Init before, and evaluate before MPI_Finalize)");
  if (comm == MPI_COMM_NULL)
    throw Error("mpi: the communicator is MPI_COMM_NULL");
  void *value = nullptr;
  int is_there = 0;
  check(MPI_Comm_get_attr(comm, attribute_key(), static_cast<void *>(&value), &is_there),
        "looking for an attribute");
  if (is_there)
    return *static_cast<std::shared_ptr<Communicator> *>(value);
  std::shared_ptr<Communicator> made(new Communicator(comm));
  check(MPI_Comm_set_attr(comm, attribute_key(), new std::shared_ptr<Communicator>(made)),
        "setting an attribute");
  return made;
}

/// Polls, so that there is a limit, and so that more ranks than processors do not keep each other
/// from running.
void Communicator::wait(MPI_Request &request, const char *what) const {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const std::chrono::nanoseconds limit(timeout_ns.load());
  for (int turn = 0;; ++turn) {
    int is_done = 0;
    check(MPI_Test(&request, &is_done, MPI_STATUS_IGNORE), what);
    if (is_done)
      return;
    if (turn < 100)
      continue;
    if (turn < 1000)
      std::this_thread::yield();
    else
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    if (const auto waited = Clock::now() - start; limit.count() > 0 && waited > limit)
      throw Error(std::string("mpi: ") + what + ": other ranks have not come within " +
                  std::to_string(std::chrono::duration<double>(waited).count()) + " s");
  }
}

//===-- Agreement -----------------------------------------------------------------------------===//

void Communicator::exchange(Status status, std::uint64_t word, const char *what,
                            const std::string &message) {
  const std::array<std::uint64_t, 3> mine = {static_cast<std::uint64_t>(status), word,
                                             message.size()};
  std::vector<std::array<std::uint64_t, 3>> all(static_cast<std::size_t>(ranks));
  MPI_Request request;
  check(MPI_Iallgather(mine.data(), 3, MPI_UINT64_T, all.data(), 3, MPI_UINT64_T, comm, &request),
        what);
  wait(request, what);
  const auto failed = std::ranges::find_if(
      all, [](const auto &one) { return one[0] != static_cast<std::uint64_t>(Status::Good); });
  if (failed != all.end()) {
    const auto rank = static_cast<int>(failed - all.begin());
    std::string text(static_cast<std::size_t>((*failed)[2]), '\0');
    if (rank == this_rank)
      text = message;
    check(MPI_Ibcast(text.data(), count_of(text.size()), MPI_CHAR, rank, comm, &request), what);
    wait(request, what);
    if (status == Status::Good)
      throw Error("mpi: rank " + std::to_string(rank) + " failed: " + text);
    return; // the caller throws what it has
  }
  const auto other =
      std::ranges::find_if(all, [&](const auto &one) { return one[1] != all.front()[1]; });
  if (other != all.end())
    throw Error("mpi: rank " + std::to_string(other - all.begin()) + " has another " + what +
                " than rank 0 (all ranks must build and evaluate the same)");
}

void Communicator::agree(const char *what, std::uint64_t signature) {
  exchange(Status::Good, signature, what, {});
}

void Communicator::together(const std::function<void()> &act) {
  std::exception_ptr error;
  std::string message;
  try {
    act();
  } catch (const std::exception &caught) {
    error = std::current_exception();
    message = caught.what();
  } catch (...) {
    error = std::current_exception();
    message = "an exception of another kind";
  }
  exchange(error ? Status::Failed : Status::Good, 0, "step", message);
  if (error)
    std::rethrow_exception(error);
}

//===-- Data ----------------------------------------------------------------------------------===//

std::vector<Bytes> Communicator::all_gather(const Bytes &bytes) {
  constexpr const char *what = "gathering";
  const int mine = count_of(bytes.size());
  std::vector<int> counts(static_cast<std::size_t>(ranks));
  MPI_Request request;
  check(MPI_Iallgather(&mine, 1, MPI_INT, counts.data(), 1, MPI_INT, comm, &request), what);
  wait(request, what);
  const std::vector<int> places = places_of(counts);
  Bytes all(static_cast<std::size_t>(places.back() + counts.back()));
  check(MPI_Iallgatherv(bytes.data(), mine, MPI_BYTE, all.data(), counts.data(), places.data(),
                        MPI_BYTE, comm, &request),
        what);
  wait(request, what);
  std::vector<Bytes> result;
  for (std::size_t n = 0; n < counts.size(); ++n)
    result.emplace_back(all.begin() + places[n], all.begin() + places[n] + counts[n]);
  return result;
}

std::vector<Bytes> Communicator::all_to_all(const std::vector<Bytes> &bytes) {
  constexpr const char *what = "moving elements";
  std::vector<int> to(bytes.size()), from(bytes.size());
  std::ranges::transform(bytes, to.begin(),
                         [](const Bytes &some) { return count_of(some.size()); });
  MPI_Request request;
  check(MPI_Ialltoall(to.data(), 1, MPI_INT, from.data(), 1, MPI_INT, comm, &request), what);
  wait(request, what);
  const std::vector<int> to_places = places_of(to), from_places = places_of(from);
  Bytes out, in(static_cast<std::size_t>(from_places.back() + from.back()));
  for (const Bytes &some : bytes)
    out.insert(out.end(), some.begin(), some.end());
  check(MPI_Ialltoallv(out.data(), to.data(), to_places.data(), MPI_BYTE, in.data(), from.data(),
                       from_places.data(), MPI_BYTE, comm, &request),
        what);
  wait(request, what);
  std::vector<Bytes> result;
  for (std::size_t n = 0; n < from.size(); ++n)
    result.emplace_back(in.begin() + from_places[n], in.begin() + from_places[n] + from[n]);
  return result;
}

Bytes Communicator::broadcast(Bytes bytes) {
  constexpr const char *what = "sending results on";
  std::int64_t size = std::ssize(bytes);
  MPI_Request request;
  check(MPI_Ibcast(&size, 1, MPI_INT64_T, 0, comm, &request), what);
  wait(request, what);
  bytes.resize(static_cast<std::size_t>(size));
  check(MPI_Ibcast(bytes.data(), count_of(bytes.size()), MPI_BYTE, 0, comm, &request), what);
  wait(request, what);
  return bytes;
}

/// A binomial tree: in round n a rank that is an odd multiple of 2^n hands what it has to the one
/// 2^n before it, and is done. So each rank sends once, and what is merged are neighbours. A rank
/// that fails goes on, and hands on that there is nothing.
std::int64_t Communicator::merge(const std::function<Bytes()> &take,
                                 const std::function<void(const Bytes &)> &merge) {
  constexpr const char *what = "merging partial results";
  constexpr std::int64_t nothing = -1;
  std::exception_ptr error;
  bool is_broken = false;
  auto attempt = [&](const auto &act) {
    if (!is_broken)
      try {
        act();
      } catch (...) {
        error = std::current_exception();
        is_broken = true;
      }
  };
  std::int64_t sent = 0;
  MPI_Request request;
  for (int distance = 1; distance < ranks; distance *= 2) {
    if (this_rank % (2 * distance) != 0) {
      Bytes bytes;
      attempt([&] {
        bytes = take();
        (void)count_of(bytes.size());
      });
      std::int64_t size = is_broken ? nothing : std::ssize(bytes);
      check(MPI_Isend(&size, 1, MPI_INT64_T, this_rank - distance, tag, comm, &request), what);
      wait(request, what);
      if (size == nothing)
        break;
      check(MPI_Isend(bytes.data(), static_cast<int>(size), MPI_BYTE, this_rank - distance, tag,
                      comm, &request),
            what);
      wait(request, what);
      sent = size;
      break;
    }
    if (this_rank + distance >= ranks)
      continue;
    std::int64_t size = 0;
    check(MPI_Irecv(&size, 1, MPI_INT64_T, this_rank + distance, tag, comm, &request), what);
    wait(request, what);
    if (size == nothing) {
      is_broken = true;
      continue;
    }
    Bytes bytes(static_cast<std::size_t>(size));
    check(MPI_Irecv(bytes.data(), static_cast<int>(size), MPI_BYTE, this_rank + distance, tag, comm,
                    &request),
          what);
    wait(request, what);
    attempt([&] { merge(bytes); });
  }
  together([&] {
    if (error)
      std::rethrow_exception(error);
  });
  return sent;
}

} // namespace tsum::mpi
