#include "generation/app.h"
#include "service/run_service.h"

int main(int argc, char** argv) {
  return mediarouter::service::RunService("generation-orchestrator", argc, argv,
                                          mediarouter::generation::RunSeparate);
}
