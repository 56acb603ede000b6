#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "httpc/message.h"

// What an adapter for a provider is: a pure codec. It builds requests and reads answers; it has no
// I/O, no clock and no threads. The worker does all of that, for every provider in the same way.
namespace mediarouter::providers {

// Why a provider refused or failed, in one vocabulary. Numbers are those of
// generation.v1.FaultKind.
enum class FaultKind {
  kNone = 0,
  kModeration = 1,      // the content was not allowed
  kInvalidRequest = 2,  // the request was wrong
  kInvalidKey = 3,      // the key was refused
  kNoCredit = 4,        // the key has no credit or quota left
  kRateLimit = 5,       // too fast or too many at once
  kProvider = 6,        // the provider's own fault
  kJobLost = 7,         // the provider does not know the job any more
  kCancelled = 8,       // the job was called off at the provider
};

struct Fault {
  FaultKind kind = FaultKind::kNone;
  std::string message;  // the provider's reason, safe for clients
  std::optional<std::chrono::milliseconds> retry_after;
};

// One operation: either it is known already, or a request is to be sent and its answer, whatever
// its HTTP status, read into the next step. A request that got no answer is the caller's to judge.
template <typename Result>
struct Step;

template <typename Result>
struct Exchange {
  httpc::HttpRequest request;
  std::function<Step<Result>(const httpc::HttpResponse&)> read;
};

template <typename Result>
struct Step : std::variant<Result, Exchange<Result>> {
  using std::variant<Result, Exchange<Result>>::variant;

  const Result* done() const { return std::get_if<Result>(this); }
  const Exchange<Result>* next() const { return std::get_if<Exchange<Result>>(this); }
};

// What to generate, in the provider's own terms.
struct VideoRequest {
  std::string prompt;
  std::string model;
  std::string seconds;
  std::string size;         // pixels, "1280x720"
  std::string external_id;  // our handle, for protocols that keep one
};

struct Submission {
  enum class Outcome { kAccepted, kRefused, kAmbiguous };
  Outcome outcome = Outcome::kAmbiguous;
  std::string job_id;  // when accepted
  Fault fault;         // otherwise
};

struct PollResult {
  enum class State {
    kWorking,  // also a state that we do not know
    kSucceeded,
    kFailed,      // the provider's terminal word; `fault` says why
    kUnanswered,  // no verdict: ask again later
    kUnknownJob,  // the provider says that there is no such job
  };
  State state = State::kUnanswered;
  std::optional<int> percent;
  Fault fault;
  std::optional<std::int64_t> charged_micros;  // where the provider names its own charge
};

// Where the bytes of a finished job are. A redirect from there is followed by the worker, without
// the credentials when it leads to another host.
struct ContentSource {
  httpc::HttpRequest request;
};

// An earlier send whose outcome is unknown.
struct Attempt {
  VideoRequest video;
  std::chrono::system_clock::time_point begin;
};

struct Lookup {
  enum class State {
    kAnswered,     // `candidates` is all there is
    kUnanswered,   // ask again later
    kUnsupported,  // this server can never tell
  };
  State state = State::kUnanswered;
  std::vector<std::string> candidates;  // job ids
  Fault fault;
};

struct KeyCheck {
  enum class Verdict { kValid, kInvalid, kQuotaExceeded, kUnreachable };
  Verdict verdict = Verdict::kUnreachable;
  std::string message;  // safe for clients
};

struct Cancellation {
  bool accepted = false;
};

// A provider's secret, for as long as the call that takes it.
using Credential = std::string_view;

// One adapter at one base URL. Immutable, thread-safe.
class Provider {
 public:
  virtual ~Provider() = default;

  // The paid request is the one whose `send_once` is set; those before it prepare.
  virtual Step<Submission> Submit(const VideoRequest& video, Credential key) const = 0;
  virtual Step<PollResult> Poll(const std::string& job_id, Credential key) const = 0;
  virtual Step<ContentSource> Content(const std::string& job_id, Credential key) const = 0;
  // Unimplemented where the protocol has none.
  virtual absl::StatusOr<Step<Cancellation>> Cancel(const std::string& job_id,
                                                    Credential key) const = 0;
  virtual Step<Lookup> Reconcile(const Attempt& attempt, Credential key) const = 0;
  virtual Step<KeyCheck> ValidateKey(Credential key) const = 0;
};

}  // namespace mediarouter::providers
