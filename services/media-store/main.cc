#include "media/app.h"
#include "service/run_service.h"

int main(int argc, char** argv) {
  return mediarouter::service::RunService("media-store", argc, argv,
                                          [](const auto& env, auto& shutdown) {
                                            return mediarouter::media::RunSeparate(env, shutdown);
                                          });
}
