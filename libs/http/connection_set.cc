#include "http/connection_set.h"

#include "http/connection.h"
#include "obs/metrics.h"

namespace mediarouter::http {

bool ConnectionSet::Add(std::shared_ptr<Connection> connection, Position& position) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  position = waiting_.insert(waiting_.end(), Item{std::move(connection)});
  ShowSize();
  return true;
}

void ConnectionSet::Remove(Position position) {
  Item last_reference;  // dropped after the lock
  const std::lock_guard lock(mutex_);
  last_reference = std::move(*position);
  Side(last_reference.waiting).erase(position);
  ShowSize();
  if (waiting_.empty() && busy_.empty()) emptied_.notify_all();
}

void ConnectionSet::Move(Position position, bool waiting) {
  const std::lock_guard lock(mutex_);
  std::list<Item>& from = Side(position->waiting);
  std::list<Item>& to = Side(waiting);
  to.splice(to.end(), from, position);
  position->waiting = waiting;
}

void ConnectionSet::MarkWaiting(Position position) { Move(position, true); }

void ConnectionSet::MarkBusy(Position position) { Move(position, false); }

std::size_t ConnectionSet::size() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size() + busy_.size();
}

bool ConnectionSet::DropOldestWaiting() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return false;
  waiting_.front().connection->CloseIfWaiting();
  // It takes a moment to go: the next call picks another.
  waiting_.splice(waiting_.end(), waiting_, waiting_.begin());
  return true;
}

void ConnectionSet::BeginStop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (const Item& item : waiting_) item.connection->CloseIfWaiting();
}

bool ConnectionSet::Stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void ConnectionSet::AbortAll() {
  const std::lock_guard lock(mutex_);
  for (const auto* side : {&waiting_, &busy_}) {
    for (const Item& item : *side) item.connection->Abort();
  }
}

bool ConnectionSet::WaitUntilEmpty(std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return emptied_.wait_for(lock, timeout, [this] { return waiting_.empty() && busy_.empty(); });
}

void ConnectionSet::ShowSize() const {
  obs::SetGauge("mediarouter_http_connections", "Open HTTP connections.", {},
                static_cast<double>(waiting_.size() + busy_.size()));
}

}  // namespace mediarouter::http
