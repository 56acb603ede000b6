#include "gateway/app.h"
#include "service/run_service.h"

int main(int argc, char** argv) {
  return mediarouter::service::RunService("gateway", argc, argv,
                                          [](const auto& env, auto& shutdown) {
                                            return mediarouter::gateway::RunSeparate(env, shutdown);
                                          });
}
