-- One temperature for each place and day.
CREATE TABLE reading (
    place text NOT NULL REFERENCES place,
    day date NOT NULL,
    degrees numeric(4, 1) NOT NULL, -- Celsius
    entered_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (place, day)
);
