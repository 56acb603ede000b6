#include "sim/timeline.h"

#include <algorithm>

namespace mediarouter::sim {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestQueue{1000};
constexpr int kLastProgress = 99;  // 100 is for completed jobs only

int ProgressAt(milliseconds age, milliseconds render) {
  if (render.count() <= 0) return kLastProgress;
  return static_cast<int>(
      std::clamp<std::int64_t>(age.count() * 100 / render.count(), 1, kLastProgress));
}

}  // namespace

View ViewAt(milliseconds age, const Script& script) {
  age = std::max(age, milliseconds(0));  // a clock that was set back
  if (script.failure && age >= script.render / 2) {
    return {JobStatus::kFailed, ProgressAt(script.render / 2, script.render), script.render / 2};
  }
  if (!script.never_completes && age >= script.render) {
    return {JobStatus::kCompleted, 100, script.render};
  }
  if (age < std::min(script.render / 10, kLongestQueue)) return {JobStatus::kQueued, 0, {}};
  return {JobStatus::kInProgress, ProgressAt(age, script.render), {}};
}

}  // namespace mediarouter::sim
