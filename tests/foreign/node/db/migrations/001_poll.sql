-- A question that people vote on.
CREATE TABLE poll (slug text PRIMARY KEY, question text NOT NULL, opened_at timestamptz NOT NULL DEFAULT now());
