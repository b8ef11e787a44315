// Runs in the app's container against the database of dev.up, in which it leaves nothing.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { addPoll, polls, pool } from '../src/db.js';

after(() => pool.end());

test('a poll that was added is listed, and adding it again changes nothing', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await addPoll(client, 'test', 'Works?', { Yes: 1 });
  await addPoll(client, 'test', 'Works?', { Yes: 9 });
  const added = (await polls(client)).filter(({ slug }) => slug === 'test');
  await client.query('ROLLBACK');
  client.release();
  assert.deepEqual(added, [{ slug: 'test', question: 'Works?', choices: { Yes: 1 } }]);
});

for (const path of ['/', '/health']) {
  test(`${path} answers`, async () => {
    assert.equal((await fetch(`http://127.0.0.1:${process.env.PORT}${path}`)).status, 200);
  });
}
