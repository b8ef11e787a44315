<?php
// Seeds a scenario: php seed.php [--once] SCENARIO [-p NAME=VALUE …]. Its last line is a JSON object.
// Doing it again changes nothing. --once: not at all if this very file seeded the scenario before (a row deleted by hand stays away).
require __DIR__ . '/db.php';

$words = array_slice($argv, 1);
$once = ($words[0] ?? '') === '--once' && array_shift($words);
$scenario = array_shift($words);
$params = [];
foreach (array_chunk($words, 2) as [$flag, $pair]) {
    [$name, $value] = explode('=', $pair, 2) + [1 => ''];
    $params[$name] = $value;
}
$wanted = ['default' => [], 'entries' => ['author', 'count']][$scenario] ?? null;
if ($wanted === null || array_diff(array_keys($params), $wanted) || array_diff($wanted, array_keys($params))
    || ($scenario === 'entries' && !ctype_digit($params['count']))) {
    fwrite(STDERR, "no such scenario, parameter or number: $scenario " . json_encode($params) . "\n");
    exit(2);
}

$rows = [['Ada', 'What a fine engine.'], ['Alan', 'Can it think?'], ['Edsger', 'Simplicity is "prerequisite" to <reliability>.']];
if ($scenario === 'entries') {
    $rows = array_map(fn ($i) => [$params['author'], "Entry $i"], $params['count'] ? range(1, (int) $params['count']) : []);
}
$db = db();
$db->beginTransaction();
$done = $db->prepare('SELECT 1 FROM applied WHERE name = ? AND sha1 = ?');
$done->execute(["seed $scenario", sha1_file(__FILE__)]);
if (!$once || !$done->fetch()) {
    // Only what is missing is inserted: INSERT IGNORE would use up an id for each row that is there.
    $insert = $db->prepare('INSERT INTO entries (author, message) SELECT ?, ? FROM DUAL
        WHERE NOT EXISTS (SELECT * FROM entries WHERE author = ? AND message = ?)');
    foreach ($rows as $row) {
        $insert->execute([...$row, ...$row]);
    }
    if ($once) {
        $db->prepare('REPLACE INTO applied (name, sha1) VALUES (?, ?)')->execute(["seed $scenario", sha1_file(__FILE__)]);
    }
}
$db->commit();
echo json_encode(['scenario' => $scenario, 'entries' => count($rows)] + $params), "\n";
