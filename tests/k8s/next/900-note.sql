-- What the next version adds: the version before knows nothing of it, and goes on.
ALTER TABLE orders ADD COLUMN note text NOT NULL DEFAULT '';
