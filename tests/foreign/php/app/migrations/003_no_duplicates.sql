-- Nobody says the same thing twice; seeds rely on it to be repeatable.
ALTER TABLE entries ADD UNIQUE once (author, message);
