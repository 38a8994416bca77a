-- The auditor's story of an order tells when each was sent.
ALTER TABLE notice ADD COLUMN sent_at timestamptz;

-- From when on all notices are here: since the service began, or what was removed last.
CREATE TABLE notice_kept (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  since timestamptz NOT NULL
);
INSERT INTO notice_kept (since) SELECT coalesce(min(applied_at), now()) FROM migration;

-- Notices that were given up are few and are looked for.
CREATE INDEX notice_failed ON notice (at) WHERE status = 'failed';
