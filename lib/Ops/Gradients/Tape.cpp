// SPDX-License-Identifier: Apache-2.0
#include "Derivations.h"

#include "tsum/Graph/Recording.h"
#include "tsum/gradients.h"

namespace tsum {

struct GradientTape::State {
  bool is_persistent = false;
  bool is_used_up = false;
  bool is_recording = true;
  std::optional<Recording> recording{std::in_place};
  std::vector<Tensor> watched;
};

GradientTape::GradientTape(bool is_persistent) : state(std::make_unique<State>()) {
  state->is_persistent = is_persistent;
  state->recording->open();
}

GradientTape::~GradientTape() = default;

void GradientTape::watch(const Tensor &x) {
  check_differentiable("watch", "the tensor", x);
  state->watched.push_back(x);
}

void GradientTape::stop() {
  state->is_recording = false;
  if (state->recording)
    state->recording->close();
}

void GradientTape::resume() {
  state->is_recording = true;
  if (state->recording)
    state->recording->open();
}

/// What `differentiate` returns, while the tape does not record.
template <class Differentiate> auto GradientTape::give(const Differentiate &differentiate) {
  if (state->is_used_up)
    throw Error("gradient: the tape has given its gradients (a persistent one gives them more than "
                "once: GradientTape(/*is_persistent=*/true))");
  struct Pause {
    explicit Pause(State &state) : state(state) {
      if (state.is_recording)
        state.recording->close();
    }
    ~Pause() {
      if (state.is_recording && state.recording)
        state.recording->open();
    }
    State &state;
  } pause(*state);
  auto found = differentiate();
  if (!state->is_persistent) {
    state->is_used_up = true;
    state->recording.reset();
    state->watched.clear();
  }
  return found;
}

std::vector<std::optional<Tensor>>
GradientTape::gradient(std::span<const Tensor> targets, std::span<const Tensor> sources,
                       std::span<const std::optional<Operand>> upstreams,
                       const GradientOptions &options) {
  return give([&] {
    auto found =
        within_memory(reverse(targets, sources, upstreams, LostGraphs::Constants), options);
    for (std::size_t n = 0; n < sources.size(); ++n)
      if (found[n] && !depends_on(sources[n], state->watched))
        found[n].reset();
    return found;
  });
}

std::vector<Tensor> GradientTape::jvp(std::span<const Tensor> targets,
                                      std::span<const Tensor> sources,
                                      std::span<const Tensor> tangents) {
  return give([&] {
    return with_zeros(forward(targets, sources, tangents, LostGraphs::Constants), targets);
  });
}

} // namespace tsum
