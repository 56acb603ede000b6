#pragma once

namespace mediarouter::rpc {

// Keeps the completion queue that all callback calls of this process share, from the first call of
// this function until the process ends. Without it gRPC 1.51 takes the queue down with its last
// user, and when that goes in a callback (the context of a stream that was dropped may hold the
// last reference to its channel) the queue's own thread is told to wait for itself: the process
// aborts. Cheap; thread-safe.
void KeepCallbackQueue();

}  // namespace mediarouter::rpc
