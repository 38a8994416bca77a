-- When a delivery took each of its steps: who is told of them again is told when. Steps of before are without a time.
ALTER TABLE delivery
  ADD COLUMN started_at timestamptz,
  ADD COLUMN completed_at timestamptz,
  ADD COLUMN canceled_at timestamptz;
