#include "media/asset_repository.h"

#include "base/status.h"
#include "base/strings.h"
#include "pg/pool.h"

namespace mediarouter::media {
namespace {

#define MR_ASSET_COLUMNS                                                    \
  "id, state, volume_path, size_bytes, sha256, content_type, duration_ms, " \
  "width, height, (extract(epoch FROM created_at) * 1000000)::bigint AS created_us"

constexpr char kBegin[] = R"(
  INSERT INTO assets (id, state, created_at) VALUES ($1, 'ingesting', $2::timestamptz)
  ON CONFLICT (id) DO NOTHING RETURNING id)";

// The state in the WHERE decides between this and a delete or a sweep that came first.
constexpr char kMarkReady[] = R"(
  UPDATE assets SET state = 'ready', volume_path = $2, size_bytes = $3, sha256 = $4,
    content_type = $5, duration_ms = $6, width = $7, height = $8, ready_at = $9::timestamptz
  WHERE id = $1 AND state = 'ingesting'
  RETURNING )" MR_ASSET_COLUMNS;

constexpr char kAbandon[] = "DELETE FROM assets WHERE id = $1 AND state = 'ingesting'";

constexpr char kFind[] = "SELECT " MR_ASSET_COLUMNS " FROM assets WHERE id = $1";

constexpr char kMarkDeleted[] = R"(
  INSERT INTO assets (id, state, created_at, deleted_at)
  VALUES ($1, 'deleted', $2::timestamptz, $2::timestamptz)
  ON CONFLICT (id) DO UPDATE SET state = 'deleted', deleted_at = excluded.deleted_at
  WHERE assets.state <> 'deleted')";

// Locked, so that nobody begins the same id anew between the bytes' end and the row's.
constexpr char kStale[] = R"(
  SELECT id FROM assets
  WHERE state <> 'ready' AND coalesce(deleted_at, created_at) < $1::timestamptz
  LIMIT $2 FOR UPDATE SKIP LOCKED)";

constexpr char kRemoveRows[] = "DELETE FROM assets WHERE id = ANY($1::text[])";

constexpr char kWithoutRow[] = R"(
  SELECT id FROM unnest($1::text[]) AS given(id)
  WHERE NOT EXISTS (SELECT FROM assets WHERE assets.id = given.id))";

AssetState ParseState(std::string_view text) {
  if (text == "ready") return AssetState::kReady;
  return text == "deleted" ? AssetState::kDeleted : AssetState::kIngesting;
}

Asset ToAsset(const pqxx::row& row) {
  Asset asset;
  asset.id = row["id"].as<std::string>();
  asset.state = ParseState(row["state"].as<std::string>());
  asset.volume_path = row["volume_path"].as<std::string>("");
  asset.size_bytes = row["size_bytes"].as<long>(0);
  asset.sha256 = row["sha256"].as<std::string>("");
  asset.content_type = row["content_type"].as<std::string>("");
  asset.duration_ms = row["duration_ms"].as<long>(0);
  asset.width = row["width"].as<int>(0);
  asset.height = row["height"].as<int>(0);
  asset.created_at =
      base::Clock::SystemTime(std::chrono::microseconds(row["created_us"].as<long>()));
  return asset;
}

absl::Status AssetNotFound(const std::string& id) {
  return base::NotFound("asset_not_found", "there is no asset {}", id);
}

std::vector<std::string> Ids(const pqxx::result& rows) {
  std::vector<std::string> ids;
  for (const auto& row : rows) ids.push_back(row[0].as<std::string>());
  return ids;
}

}  // namespace

absl::StatusOr<std::optional<Asset>> AssetRepository::Begin(const base::CallContext& call,
                                                            const std::string& id) {
  const std::string now = base::FormatTime(clock_.Now());
  return pool_.Autocommit(call, [&](pg::Session& session) -> absl::StatusOr<std::optional<Asset>> {
    if (!session.Exec(kBegin, id, now).empty()) return std::nullopt;
    const pqxx::result rows = session.Exec(kFind, id);
    if (rows.empty()) {
      return base::Aborted("conflict", "{} was given up at this very moment", id);
    }
    return ToAsset(rows[0]);
  });
}

absl::StatusOr<Asset> AssetRepository::MarkReady(const base::CallContext& call,
                                                 const Asset& asset) {
  const std::string now = base::FormatTime(clock_.Now());
  return pool_.Autocommit(call, [&](pg::Session& session) -> absl::StatusOr<Asset> {
    const pqxx::result rows =
        session.Exec(kMarkReady, asset.id, asset.volume_path, asset.size_bytes, asset.sha256,
                     asset.content_type, asset.duration_ms, asset.width, asset.height, now);
    if (rows.empty()) {
      return base::Aborted("ingest_lost", "{} was deleted while it came in", asset.id);
    }
    return ToAsset(rows[0]);
  });
}

absl::StatusOr<bool> AssetRepository::Abandon(const base::CallContext& call,
                                              const std::string& id) {
  return pool_.Autocommit(call, [&](pg::Session& session) -> absl::StatusOr<bool> {
    if (session.Exec(kAbandon, id).affected_rows() == 1) return true;
    const pqxx::result rows = session.Exec(kFind, id);
    return rows.empty() || ToAsset(rows[0]).state != AssetState::kReady;
  });
}

absl::StatusOr<Asset> AssetRepository::Find(const base::CallContext& call, const std::string& id) {
  return pool_.Autocommit(call, [&](pg::Session& session) -> absl::StatusOr<Asset> {
    const pqxx::result rows = session.Exec(kFind, id);
    if (rows.empty()) return AssetNotFound(id);
    return ToAsset(rows[0]);
  });
}

absl::Status AssetRepository::MarkDeleted(const base::CallContext& call, const std::string& id) {
  const std::string now = base::FormatTime(clock_.Now());
  return pool_.Autocommit(call, [&](pg::Session& session) {
    session.Exec(kMarkDeleted, id, now);
    return absl::OkStatus();
  });
}

absl::StatusOr<int> AssetRepository::Purge(
    const base::CallContext& call, Time before, int limit,
    const std::function<bool(const std::string& id)>& remove_bytes) {
  const std::string cutoff = base::FormatTime(before);
  return pool_.Transact(call, [&](pg::Session& session) -> absl::StatusOr<int> {
    std::vector<std::string> ids = Ids(session.Exec(kStale, cutoff, limit));
    std::erase_if(ids, [&](const std::string& id) { return !remove_bytes(id); });
    if (!ids.empty()) session.Exec(kRemoveRows, pg::TextArray(ids));
    return static_cast<int>(ids.size());
  });
}

absl::StatusOr<std::vector<std::string>> AssetRepository::WithoutRow(
    const base::CallContext& call, const std::vector<std::string>& ids) {
  return pool_.Autocommit(call,
                          [&](pg::Session& session) -> absl::StatusOr<std::vector<std::string>> {
                            return Ids(session.Exec(kWithoutRow, pg::TextArray(ids)));
                          });
}

}  // namespace mediarouter::media
