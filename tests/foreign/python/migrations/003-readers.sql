-- Who may ask for /readings.
CREATE TABLE reader (
    name text PRIMARY KEY,
    token text NOT NULL UNIQUE
);
