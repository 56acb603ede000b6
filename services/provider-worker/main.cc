#include "service/run_service.h"
#include "worker/app.h"

int main(int argc, char** argv) {
  return mediarouter::service::RunService("provider-worker", argc, argv,
                                          &mediarouter::worker::RunSeparate);
}
