#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>

namespace mediarouter::http {

class Connection;

// The open connections of a server, those that wait for a request apart from those with one under
// way. Thread-safe.
class ConnectionSet {
 public:
  struct Item {
    std::shared_ptr<Connection> connection;
    bool waiting = true;
  };
  using Position = std::list<Item>::iterator;

  // New connections wait for a request. False once BeginStop() was called.
  bool Add(std::shared_ptr<Connection> connection, Position& position);
  void Remove(Position position);

  // Moves a connection to the end of its side.
  void MarkWaiting(Position position);
  void MarkBusy(Position position);

  std::size_t size() const;
  // Closes the connection that has waited longest; false when none waits.
  bool DropOldestWaiting();

  // From now on connections end after the request under way; those that wait are closed.
  void BeginStop();
  bool Stopping() const;
  void AbortAll();
  bool WaitUntilEmpty(std::chrono::milliseconds timeout) const;

 private:
  std::list<Item>& Side(bool waiting) { return waiting ? waiting_ : busy_; }
  void Move(Position position, bool waiting);
  void ShowSize() const;

  mutable std::mutex mutex_;
  mutable std::condition_variable emptied_;
  std::list<Item> waiting_;  // the longest first
  std::list<Item> busy_;
  bool stopping_ = false;
};

}  // namespace mediarouter::http
