// The connection to the database, and what the app asks of it.
import pg from 'pg';

export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 3 });
// dev.reset replaces the database under the running app: a lost idle connection must not end the process.
pool.on('error', (error) => console.error(`database: ${error.message}`));

/** Runs a program of the command line in one transaction; its error is one line and an exit code. */
export async function program(main) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await main(client);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    console.error(error.message);
    process.exitCode = error.exitCode ?? 1;
  }
  client.release();
  await pool.end();
}

export async function polls(client = pool) {
  const { rows } = await client.query(`SELECT slug, question, json_object_agg(label, votes ORDER BY label) AS choices
    FROM poll JOIN choice ON poll = slug GROUP BY slug ORDER BY slug`);
  return rows;
}

/** Adds a poll; what is there already stays as it is, as scenarios may be run again. */
export async function addPoll(client, slug, question, choices) {
  await client.query('INSERT INTO poll (slug, question) VALUES ($1, $2) ON CONFLICT DO NOTHING', [slug, question]);
  for (const [label, votes] of Object.entries(choices)) {
    await client.query('INSERT INTO choice VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [slug, label, votes]);
  }
}
