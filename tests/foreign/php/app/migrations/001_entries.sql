-- What guests wrote.
CREATE TABLE entries (
    id INT AUTO_INCREMENT PRIMARY KEY,
    author VARCHAR(100) NOT NULL,
    message VARCHAR(500) NOT NULL
);
