<?php
// Applies what is missing of migrations/*.sql, in order, and records it in the table `applied`.
// --pending: exit 0 if nothing is missing, else 1. --fresh: empty the database first. --data: print the generation of the data.
require __DIR__ . '/db.php';

$db = db();
$option = $argv[1] ?? '';
if ($option === '--fresh') {
    $db->exec('DROP DATABASE guestbook');
    $db->exec('CREATE DATABASE guestbook');
    $db->exec('USE guestbook');
}
if ($option === '--data') {
    // The time of the first migration, to the microsecond: it stays while the data does, and a fresh database has another one.
    echo $db->query('SELECT MIN(applied_at) FROM applied')->fetchColumn(), "\n";
    exit;
}
if ($option !== '--pending') {
    $db->exec('CREATE TABLE IF NOT EXISTS applied (name VARCHAR(100) PRIMARY KEY, sha1 CHAR(40) NOT NULL,
        applied_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6))');
}
$known = $db->query('SHOW TABLES LIKE "applied"')->fetch()
    ? $db->query('SELECT name, sha1 FROM applied')->fetchAll(PDO::FETCH_KEY_PAIR) : [];
foreach (glob(__DIR__ . '/migrations/*.sql') as $file) {
    $name = basename($file);
    if (isset($known[$name])) {
        if ($known[$name] !== sha1_file($file)) {
            fwrite(STDERR, "$name was changed after it had been applied: write a new migration instead\n");
            exit(1);
        }
        continue;
    }
    echo $option === '--pending' ? "pending: $name\n" : "applying $name\n";
    if ($option === '--pending') {
        exit(1);
    }
    // One statement a file: MariaDB commits after each change of a table, thus half a file could not be taken back.
    $db->exec(file_get_contents($file));
    $db->prepare('INSERT INTO applied (name, sha1) VALUES (?, ?)')->execute([$name, sha1_file($file)]);
}
