#pragma once

#include <memory>
#include <span>
#include <string>

#include "pg/migrator.h"
#include "pg/pool.h"

namespace mediarouter::testing {

// A database of its own for one test case, with `schema` migrated, on a Postgres server that this
// test process starts at the first use and takes along when it ends (nothing is kept, and nothing
// is synced to disk). Databases are copied from a template that is migrated once a process, so a
// fixture costs tens of milliseconds. Throws when there is no server: a test cannot go on.
//
//   PgFixture fixture("vault", vault::Migrations());
//   Repository repository(fixture.pool());
class PgFixture {
 public:
  PgFixture(const std::string& schema, std::span<const pg::Migration> migrations);
  ~PgFixture();  // drops the database
  PgFixture(const PgFixture&) = delete;
  PgFixture& operator=(const PgFixture&) = delete;

  const std::string& url() const { return url_; }  // as the superuser
  pg::Pool& pool() { return *pool_; }              // confined to the schema, 4 connections

 private:
  std::string name_;
  std::string url_;
  std::unique_ptr<pg::Pool> pool_;
};

// An empty database on the same server, for tests that migrate by themselves. Lives as long as the
// process.
std::string EmptyDatabase();

}  // namespace mediarouter::testing
