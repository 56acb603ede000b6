-- Keys of providers (encrypted), keys of clients (hashed), and who read what.

-- Whoever owns what an access key makes.
CREATE TABLE vault.projects (
  id text PRIMARY KEY,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- The master keys that this schema was ever written with, each by a value that proves it without
-- giving it away: a vault that was started with another key must not mix its rows in.
CREATE TABLE vault.master_keys (
  version integer PRIMARY KEY,
  check_value bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE vault.provider_keys (
  id bigserial PRIMARY KEY,
  provider text NOT NULL,
  name text NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'invalid', 'quota_exceeded', 'revoked')),
  preview text NOT NULL,
  -- The envelope of vault/barrier.h: the secret under a key of its own, and that key under the
  -- master key of key_version. Null once destroyed.
  wrapped_data_key bytea,
  ciphertext bytea,
  key_version integer REFERENCES vault.master_keys,
  request_id text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  validated_at timestamptz,
  revoked_at timestamptz,
  destroyed_at timestamptz,
  CONSTRAINT verdict_has_time CHECK (status IN ('active', 'revoked') OR validated_at IS NOT NULL),
  CONSTRAINT revoked_has_time CHECK ((status = 'revoked') = (revoked_at IS NOT NULL)),
  CONSTRAINT only_revoked_are_destroyed CHECK (destroyed_at IS NULL OR revoked_at IS NOT NULL),
  CONSTRAINT destroyed_has_no_secret CHECK (
    num_nulls(wrapped_data_key, ciphertext, key_version)
      = CASE WHEN destroyed_at IS NULL THEN 0 ELSE 3 END),
  -- Bytes 1 and 2 of the wrapped key name the master key that opens it: the column is their index.
  CONSTRAINT key_version_is_of_envelope CHECK (
    key_version = get_byte(wrapped_data_key, 1) * 256 + get_byte(wrapped_data_key, 2))
);

CREATE TABLE vault.access_keys (
  id text PRIMARY KEY,
  project_id text NOT NULL REFERENCES vault.projects,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('member', 'admin')),
  -- HMAC-SHA-256 of the key under a pepper derived from the master key of key_version.
  key_hash bytea NOT NULL UNIQUE CHECK (length(key_hash) = 32),
  key_version integer NOT NULL REFERENCES vault.master_keys,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz
);

CREATE TABLE vault.audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,       -- an access key's id, or the holder that a service named
  action text NOT NULL,      -- "access", "create", "revoke", "destroy"
  object text NOT NULL,      -- "provider_key/7", "access_key/key_..."
  purpose text NOT NULL,
  request_id text NOT NULL
);
CREATE INDEX audit_object ON vault.audit (object, id);

CREATE FUNCTION vault.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit is append-only';
END
$$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON vault.audit
  FOR EACH STATEMENT EXECUTE FUNCTION vault.refuse_change();
