#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>

#include "base/clock.h"

namespace mediarouter::sim {

struct Config {
  std::string host = "127.0.0.1";
  int port = 0;                                 // 0: any free one, see App::port()
  std::string state_dir;                        // "": jobs are forgotten at the end
  std::chrono::milliseconds render{2000};       // from accepted to completed
  std::set<std::string, std::less<>> api_keys;  // empty: any, see accounts.h
};

// The running simulator: its jobs, its clips, its HTTP server.
class App {
 public:
  static absl::StatusOr<std::unique_ptr<App>> Start(const Config& config,
                                                    const base::Clock& clock = base::SystemClock());
  ~App();  // Stop()

  int port() const;
  void Stop();

 private:
  struct Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mediarouter::sim
