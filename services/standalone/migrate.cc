#include "standalone/migrate.h"

#include "base/status_macros.h"
#include "generation/app.h"
#include "media/app.h"
#include "pg/migrator.h"
#include "vault/app.h"

namespace mediarouter::standalone {

absl::Status MigrateAll(const std::string& database_url) {
  MR_RETURN_IF_ERROR(pg::Migrate(database_url, vault::kSchema, vault::Migrations()));
  MR_RETURN_IF_ERROR(pg::Migrate(database_url, media::kSchema, media::Migrations()));
  return pg::Migrate(database_url, generation::kSchema, generation::Migrations());
}

}  // namespace mediarouter::standalone
