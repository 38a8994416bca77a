-- Which log the cursors are of: positions of one log mean nothing in another.
CREATE TABLE read_log (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  identity text NOT NULL
);
