-- Votes are counted, not kept one by one: nobody needs to know who voted for what.
ALTER TABLE choice ADD COLUMN votes integer NOT NULL DEFAULT 0 CHECK (votes >= 0);
