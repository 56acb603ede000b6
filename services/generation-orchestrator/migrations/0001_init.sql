-- The orchestrator's schema. Rules behind it: the job protocol, in this service's README.
-- Rows refer to generations without foreign keys: generations are never deleted (a deleted one is
-- a tombstone), so a key would cost each create a look-up and protect nothing.

CREATE TABLE generations (
  id text PRIMARY KEY,
  project_id text NOT NULL,
  access_key_id text NOT NULL,
  provider text NOT NULL,
  model text NOT NULL,
  upstream_model text NOT NULL,
  prompt text NOT NULL,
  duration integer NOT NULL,
  aspect_ratio text NOT NULL,
  size text NOT NULL,
  seed bigint,
  fps integer,
  state text NOT NULL DEFAULT 'queued'
    CHECK (state IN ('queued', 'processing', 'completed', 'failed', 'cancelled')),
  step text NOT NULL DEFAULT 'queued'
    CHECK (step IN ('queued', 'submitting', 'reconciling', 'submitted', 'storing', 'done')),
  progress integer NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
  attempt integer NOT NULL DEFAULT 0,
  error text,
  error_code text,
  asset_id text UNIQUE,
  video_duration_ms bigint,
  video_width integer,
  video_height integer,
  video_bytes bigint,
  price_version text NOT NULL,
  estimated_cost_micros bigint NOT NULL CHECK (estimated_cost_micros >= 0),
  cost_micros bigint CHECK (cost_micros >= 0),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  cancel_requested_at timestamptz,
  deleted_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  event_sequence integer NOT NULL DEFAULT 1,
  CONSTRAINT ended_when_done CHECK ((step = 'done') = (ended_at IS NOT NULL)),
  CONSTRAINT ended_state_when_done
    CHECK ((step = 'done') = (state IN ('completed', 'failed', 'cancelled'))),
  CONSTRAINT queued_together CHECK ((state = 'queued') = (step = 'queued')),
  CONSTRAINT completed_has_video CHECK ((state = 'completed') = (asset_id IS NOT NULL)),
  CONSTRAINT failed_has_reason CHECK (state <> 'failed' OR error_code IS NOT NULL)
) WITH (fillfactor = 80);

-- Lists of a project, newest first.
CREATE INDEX generations_by_project ON generations (project_id, created_at DESC, id DESC)
  WHERE deleted_at IS NULL;
-- What is open, for counts and cancels.
CREATE INDEX generations_open ON generations (id) WHERE ended_at IS NULL;
CREATE INDEX generations_cancelling ON generations (id)
  WHERE cancel_requested_at IS NOT NULL AND ended_at IS NULL;

-- An open generation is in exactly one of `ready` (waits for a worker) and `leases` (has one).
CREATE TABLE ready (
  generation_id text PRIMARY KEY,
  ready_at timestamptz NOT NULL
);
CREATE INDEX ready_in_order ON ready (ready_at, generation_id);

-- Narrow and half empty, and no index on expiry: renewing ten thousand rewrites only this.
CREATE TABLE leases (
  generation_id text PRIMARY KEY,
  holder text NOT NULL,
  token bigint NOT NULL,
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE SEQUENCE lease_tokens;

-- Each send to a provider, committed before its first byte leaves.
CREATE TABLE submit_attempts (
  generation_id text NOT NULL,
  number integer NOT NULL,
  provider text NOT NULL,
  provider_key_id bigint NOT NULL,
  external_id text NOT NULL,
  fingerprint text NOT NULL,
  request_id text NOT NULL,
  outcome text NOT NULL DEFAULT 'open'
    CHECK (outcome IN ('open', 'ambiguous', 'accepted', 'refused', 'not_sent', 'unknown')),
  provider_job_id text,
  began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_at timestamptz,
  PRIMARY KEY (generation_id, number),
  CONSTRAINT accepted_has_job CHECK (outcome <> 'accepted' OR provider_job_id IS NOT NULL)
);
-- A provider's job belongs to one attempt. By provider, not by key: several keys may be of one
-- account, and then each of them lists the jobs of all.
CREATE UNIQUE INDEX submit_attempts_job ON submit_attempts (provider, provider_job_id);
CREATE INDEX submit_attempts_by_key ON submit_attempts (provider_key_id, generation_id);
-- Attempts that could own a job that a look-up found.
CREATE INDEX submit_attempts_unsettled ON submit_attempts (provider, fingerprint)
  WHERE outcome IN ('open', 'ambiguous');

-- Every job id that a worker ever brought, also one that fits nowhere: it was paid.
CREATE TABLE job_evidence (
  generation_id text NOT NULL,
  attempt integer NOT NULL,
  provider_job_id text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (generation_id, attempt, provider_job_id)
);

-- The outbox that streams and webhooks will read.
CREATE TABLE events (
  generation_id text NOT NULL,
  sequence integer NOT NULL,
  project_id text NOT NULL,
  transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
  type text NOT NULL,
  data jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (generation_id, sequence)
);
CREATE INDEX events_by_project ON events (project_id, transaction, generation_id, sequence);

-- What is left to do behind a committed change.
CREATE TABLE tasks (
  id bigserial PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('delete_asset')),
  subject text NOT NULL,
  run_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tries integer NOT NULL DEFAULT 0
);
CREATE INDEX tasks_in_order ON tasks (run_at, id);
CREATE INDEX tasks_by_subject ON tasks (subject);
