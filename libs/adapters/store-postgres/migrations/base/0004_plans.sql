-- Up Migration

-- Content is immutable: `hash` is the SHA-256 of `body`, and only the status fields of a version ever move.
CREATE TABLE plan_version (
  id text COLLATE "C" PRIMARY KEY,
  hash text COLLATE "C" NOT NULL,
  status text NOT NULL,
  created_at timestamptz NOT NULL,
  summary json NOT NULL,
  body bytea NOT NULL
);
ALTER TABLE plan_version ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX plan_version_hash ON plan_version (hash);

-- Down Migration
DROP TABLE plan_version;
