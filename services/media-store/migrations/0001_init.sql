-- What media-store knows of each asset; the bytes are in the blob store. The CHECKs tie the state to
-- the columns, so that no half-known asset can be READY.
CREATE TABLE assets (
  id           text        PRIMARY KEY CHECK (id ~ '^ast_[0-9a-hjkmnp-tv-z]{26}$'),
  state        text        NOT NULL CHECK (state IN ('ingesting', 'ready', 'deleted')),
  volume_path  text,
  size_bytes   bigint      CHECK (size_bytes > 0),
  sha256       text        CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  content_type text,
  duration_ms  bigint      CHECK (duration_ms > 0),
  width        integer     CHECK (width > 0),
  height       integer     CHECK (height > 0),
  created_at   timestamptz NOT NULL,
  ready_at     timestamptz,
  deleted_at   timestamptz,
  CONSTRAINT ingesting_knows_nothing_yet CHECK (
    state <> 'ingesting' OR num_nonnulls(volume_path, size_bytes, sha256, content_type, duration_ms,
                                         width, height, ready_at, deleted_at) = 0),
  CONSTRAINT ready_knows_everything CHECK (
    state <> 'ready' OR num_nulls(volume_path, size_bytes, sha256, content_type, duration_ms, width,
                                  height, ready_at) = 0),
  CONSTRAINT deleted_has_its_time CHECK ((state = 'deleted') = (deleted_at IS NOT NULL))
);

-- The sweep's question: what is neither READY nor young.
CREATE INDEX assets_to_sweep ON assets (coalesce(deleted_at, created_at)) WHERE state <> 'ready';
