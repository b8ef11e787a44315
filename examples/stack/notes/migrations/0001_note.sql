CREATE TABLE note (
    slug text PRIMARY KEY,
    text text NOT NULL
);
