-- What can be voted for.
CREATE TABLE choice (poll text REFERENCES poll ON DELETE CASCADE, label text, PRIMARY KEY (poll, label));
