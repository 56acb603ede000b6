#include "generation/generation.h"

#include <array>

namespace mediarouter::generation {
namespace {

constexpr std::array<std::string_view, 6> kStates = {"",          "queued", "processing",
                                                     "completed", "failed", "cancelled"};
constexpr std::array<std::string_view, 7> kSteps = {
    "", "queued", "submitting", "reconciling", "submitted", "storing", "done"};

template <typename Enum, std::size_t N>
Enum Parse(const std::array<std::string_view, N>& names, std::string_view text) {
  for (std::size_t i = 1; i < N; ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return Enum::kUnspecified;
}

}  // namespace

std::string_view ToText(State state) { return kStates.at(static_cast<std::size_t>(state)); }
std::string_view ToText(Step step) { return kSteps.at(static_cast<std::size_t>(step)); }
State ParseState(std::string_view text) { return Parse<State>(kStates, text); }
Step ParseStep(std::string_view text) { return Parse<Step>(kSteps, text); }

}  // namespace mediarouter::generation
