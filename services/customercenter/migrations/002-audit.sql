-- What the auditor found to differ, and since when.
CREATE TABLE audit_finding (
  subject text NOT NULL,
  kind text NOT NULL,
  detail text NOT NULL,
  since timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject, kind, detail)
);

-- How far it has come. A pass looks at every order once.
CREATE TABLE audit_state (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  pass bigint NOT NULL DEFAULT 0,
  pass_began_at timestamptz,
  pass_orders bigint NOT NULL DEFAULT 0,
  last_pass bigint NOT NULL DEFAULT 0,
  last_began_at timestamptz,
  last_ended_at timestamptz,
  last_orders bigint NOT NULL DEFAULT 0,
  -- Somebody waits for this pass.
  wanted_pass bigint NOT NULL DEFAULT 0,
  in_flight integer NOT NULL DEFAULT 0,
  unreachable text,
  looked_at timestamptz,
  standing jsonb NOT NULL DEFAULT '[]'
);
INSERT INTO audit_state DEFAULT VALUES;
