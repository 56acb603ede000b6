#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/channel.h>

#include <filesystem>
#include <memory>
#include <string>

namespace mediarouter::standalone {

// The simulator behind provider `demo`, a child process of `serve --demo`. It ends with this one.
class DemoProvider {
 public:
  // NotFound when the binary provider-sim is not beside this one.
  static absl::StatusOr<std::unique_ptr<DemoProvider>> Start(const std::filesystem::path& state);
  ~DemoProvider();

  const std::string& base_url() const { return base_url_; }

 private:
  DemoProvider(int pid, std::string base_url) : pid_(pid), base_url_(std::move(base_url)) {}
  int pid_;
  std::string base_url_;
};

// A key for provider `demo`, unless there is an active one: the simulator takes any.
absl::Status AddDemoKey(const std::shared_ptr<grpc::Channel>& vault);

}  // namespace mediarouter::standalone
