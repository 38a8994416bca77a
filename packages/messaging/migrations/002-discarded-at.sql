-- When a letter was given up: who looks later sees it beside the reason. What was given up before this was written down
-- has the time of its last failure.
ALTER TABLE dead_letter ADD COLUMN discarded_at timestamptz;
UPDATE dead_letter SET discarded_at = failed_at WHERE state = 'discarded';
