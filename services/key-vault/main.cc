#include "service/run_service.h"
#include "vault/app.h"

int main(int argc, char** argv) {
  return mediarouter::service::RunService("key-vault", argc, argv,
                                          [](const auto& env, auto& shutdown) {
                                            return mediarouter::vault::RunSeparate(env, shutdown);
                                          });
}
