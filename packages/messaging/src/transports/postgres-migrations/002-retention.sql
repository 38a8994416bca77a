-- How far each group of consumers has read, as it reports now and then: what not all have read is not removed.
CREATE TABLE log_group (
  name text NOT NULL,
  partition integer NOT NULL,
  position bigint NOT NULL,
  reported_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name, partition)
);
-- Whoever has published consumes too; until it reports, nothing counts as read by it.
INSERT INTO log_group (name, partition, position) SELECT name, partition, 0 FROM log_publisher, log_partition;

-- Up to `position`, records of orders that have ended may be missing; `order_id` is the highest of those orders.
-- Beside log_partition and not in it, so that removing never holds up an append.
CREATE TABLE log_pruned (
  partition integer PRIMARY KEY,
  position bigint NOT NULL DEFAULT 0,
  order_id bigint NOT NULL DEFAULT 0
);
INSERT INTO log_pruned (partition) SELECT partition FROM log_partition;
