#pragma once

namespace mediarouter::probe {

// From here on this process can compute, read the descriptors that it has, and end; nothing else:
// no new descriptors, processes, threads, sockets or files, bounded memory and CPU time. False with
// errno when the kernel refuses; then hostile bytes must not be read.
bool Confine();

}  // namespace mediarouter::probe
