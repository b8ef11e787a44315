-- Where readings come from.
CREATE TABLE place (
    name text PRIMARY KEY,
    height integer NOT NULL -- metres above the sea
);

-- The scenarios that dev.up must not run again.
CREATE TABLE seeded (scenario text PRIMARY KEY);
