-- Goes with the log wherever it is dumped, copied or restored.
CREATE TABLE log_identity (identity uuid NOT NULL);
INSERT INTO log_identity VALUES (gen_random_uuid());
