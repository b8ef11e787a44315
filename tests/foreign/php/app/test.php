<?php
// The tests: php test.php [WORD] runs those whose name holds WORD, against the running app. They change no row.
function page(string $path): string
{
    return (string) file_get_contents('http://127.0.0.1:' . getenv('PORT') . $path, false,
        stream_context_create(['http' => ['ignore_errors' => true]]));
}

$tests = [
    'the database answers' => fn () => page('/health') === 'ok',
    'a page is there or not' => fn () => page('/nowhere') === 'not found',
    'the page shows the seeded entry, escaped' => fn () => str_contains(page('/'), '&lt;reliability&gt;'),
    'nothing is left to migrate' => fn () => exec('php ' . __DIR__ . '/migrate.php --pending', $output, $code) !== false && $code === 0,
];
$failed = 0;
foreach ($tests as $name => $test) {
    if (str_contains($name, $argv[1] ?? '')) {
        $ok = $test();
        $failed += !$ok;
        echo $ok ? 'ok      ' : 'FAILED  ', $name, "\n";
    }
}
exit($failed ? 1 : 0);
