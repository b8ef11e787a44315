<?php
// The web pages: / shows the entries, /health says whether the database answers.
require __DIR__ . '/../db.php';

try {
    switch (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
        case '/health':
            db()->query('SELECT 1');
            echo 'ok';
            break;
        case '/':
            $entries = db()->query('SELECT author, message FROM entries ORDER BY id');
            echo "<!doctype html>\n<title>Guestbook</title>\n<h1>Guestbook</h1>\n<ul>\n";
            foreach ($entries as $entry) {
                printf("<li>%s: %s</li>\n", htmlspecialchars($entry['author']), htmlspecialchars($entry['message']));
            }
            echo "</ul>\n";
            break;
        default:
            http_response_code(404);
            echo 'not found';
    }
} catch (PDOException $exception) {
    error_log($exception->getMessage());
    http_response_code(503);
    echo 'the database does not answer';
}
