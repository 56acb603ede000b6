#include "sim/faults.h"

#include <fmt/format.h>

#include <utility>

#include "sim/fault_names.h"

namespace mediarouter::sim {
namespace {

bool Matches(const Fault& fault, Op op, std::string_view prompt) {
  const std::optional<Op> wanted = fault.op ? fault.op : OnlyOp(fault.kind);
  if (wanted && *wanted != op) return false;
  return fault.prompt_contains.empty() || prompt.find(fault.prompt_contains) != prompt.npos;
}

// Whether this match is a strike; counts it either way.
bool Strikes(Fault& fault) {
  if (fault.after > 0) {
    --fault.after;
    return false;
  }
  if (fault.count > 0 && fault.hits >= fault.count) return false;
  ++fault.hits;
  return true;
}

}  // namespace

std::string FaultEngine::Add(Fault fault) {
  const std::lock_guard lock(mutex_);
  fault.id = fmt::format("fault_{}", ++made_);
  faults_.push_back(std::move(fault));
  return faults_.back().id;
}

bool FaultEngine::Remove(std::string_view id) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(faults_, [id](const Fault& fault) { return fault.id == id; }) > 0;
}

void FaultEngine::Clear() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

std::vector<Fault> FaultEngine::List() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

void FaultEngine::SetLatency(std::chrono::milliseconds latency) {
  const std::lock_guard lock(mutex_);
  latency_ = latency;
}

Plan FaultEngine::Take(Op op, std::string_view prompt) {
  const std::lock_guard lock(mutex_);
  Plan plan{.latency = latency_};
  for (Fault& fault : faults_) {
    const bool latency = fault.kind == FaultKind::kLatency;
    if (!latency && plan.fault) continue;
    if (!Matches(fault, op, prompt) || !Strikes(fault)) continue;
    if (latency) {
      plan.latency += fault.delay;
    } else {
      plan.fault = fault;
    }
  }
  return plan;
}

}  // namespace mediarouter::sim
