-- Up Migration

-- Tells this database from another one with the same tables: change numbers of the two cannot be compared.
CREATE TABLE store_identity (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  id uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO store_identity DEFAULT VALUES;

-- What API replicas tell each other that is too long for a notification; the replicas delete it after half a minute.
CREATE TABLE socket_attachment (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  payload bytea NOT NULL
);
CREATE INDEX socket_attachment_created ON socket_attachment (created_at);

-- Down Migration
DROP TABLE socket_attachment, store_identity;
