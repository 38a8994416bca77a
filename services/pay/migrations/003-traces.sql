-- Which trace the money belongs to, for the logs and spans of what is done later: refunds, audits, checks of voids.
ALTER TABLE pay ADD COLUMN traceparent text;
ALTER TABLE refund ADD COLUMN traceparent text;
