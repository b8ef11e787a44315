<?php
// The connection to the database. What goes wrong is an exception.
function db(): PDO
{
    return new PDO(getenv('DATABASE_DSN'), getenv('DATABASE_USER'), getenv('DATABASE_PASSWORD'));
}
