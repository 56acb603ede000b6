#include "sim/fault_names.h"

#include <algorithm>
#include <array>

namespace mediarouter::sim {
namespace {

struct OpName {
  Op op;
  std::string_view name;
};

constexpr std::array kOps = {
    OpName{Op::kCreate, "create"},   OpName{Op::kPoll, "poll"},     OpName{Op::kList, "list"},
    OpName{Op::kContent, "content"}, OpName{Op::kDelete, "delete"}, OpName{Op::kModels, "models"},
};

struct KindName {
  FaultKind kind;
  std::string_view name;
  std::optional<Op> only;
};

constexpr std::array kKinds = {
    KindName{FaultKind::kLatency, "latency", {}},
    KindName{FaultKind::kStatus, "status", {}},
    KindName{FaultKind::kDropBefore, "drop_before", {}},
    KindName{FaultKind::kDropAfter, "drop_after", {}},
    KindName{FaultKind::kErrorAfter, "error_after", {}},
    KindName{FaultKind::kHtml200, "html_200", {}},
    KindName{FaultKind::kTruncatedBody, "truncated_body", {}},
    KindName{FaultKind::kStalledBody, "stalled_body", {}},
    KindName{FaultKind::kEndlessBody, "endless_body", {}},
    KindName{FaultKind::kWrongContentType, "wrong_content_type", {}},
    KindName{FaultKind::kRenderSeconds, "render_seconds", Op::kCreate},
    KindName{FaultKind::kFail, "fail", Op::kCreate},
    KindName{FaultKind::kNeverCompletes, "never_completes", Op::kCreate},
    KindName{FaultKind::kListHidden, "list_hidden", Op::kCreate},
    KindName{FaultKind::kProgressBackwards, "progress_backwards", Op::kPoll},
    KindName{FaultKind::kUnknownStatus, "unknown_status", Op::kPoll},
    KindName{FaultKind::kJobForgotten, "job_forgotten", Op::kPoll},
    KindName{FaultKind::kCompletedWithoutContent, "completed_without_content", Op::kContent},
    KindName{FaultKind::kExpiredLink, "expired_link", Op::kContent},
    KindName{FaultKind::kRedirect, "redirect", Op::kContent},
};

const KindName& Of(FaultKind kind) {
  return *std::find_if(kKinds.begin(), kKinds.end(),
                       [kind](const KindName& row) { return row.kind == kind; });
}

}  // namespace

std::string_view Name(Op op) {
  return std::find_if(kOps.begin(), kOps.end(), [op](const OpName& row) { return row.op == op; })
      ->name;
}

std::string_view Name(FaultKind kind) { return Of(kind).name; }

std::optional<Op> ParseOp(std::string_view name) {
  for (const OpName& row : kOps) {
    if (row.name == name) return row.op;
  }
  return std::nullopt;
}

std::optional<FaultKind> ParseFaultKind(std::string_view name) {
  for (const KindName& row : kKinds) {
    if (row.name == name) return row.kind;
  }
  return std::nullopt;
}

std::optional<Op> OnlyOp(FaultKind kind) { return Of(kind).only; }

}  // namespace mediarouter::sim
