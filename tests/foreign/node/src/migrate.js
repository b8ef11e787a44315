// Applies the files of db/migrations in order, each once, all or none. With --pending it only looks: 0 if there is nothing to apply.
import { readdir, readFile } from 'node:fs/promises';
import { program } from './db.js';

const folder = new URL('../db/migrations/', import.meta.url);
const look = process.argv.includes('--pending');

program(async (client) => {
  const { rows: [{ setup }] } = await client.query(`SELECT to_regclass('setup') AS setup`);
  const done = setup ? (await client.query('SELECT step FROM setup')).rows.map(({ step }) => step) : [];
  const pending = (await readdir(folder)).filter((file) => file.endsWith('.sql') && !done.includes(file)).sort();
  if (look && pending.length) throw new Error(`not applied: ${pending.join(', ')}`);
  // What was done to this database: migrations, and the first seeding.
  if (!setup && !look) await client.query('CREATE TABLE setup (step text PRIMARY KEY, kind text, done_at timestamptz DEFAULT now())');
  for (const file of pending) {
    await client.query(await readFile(new URL(file, folder), 'utf8'));
    await client.query(`INSERT INTO setup VALUES ($1, 'migration')`, [file]);
    console.log(`applied ${file}`);
  }
});
