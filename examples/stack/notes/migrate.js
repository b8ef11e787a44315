// `node migrate.js` applies what migrations/ has and the database has not, by name; with --check it says whether
// there is any (exit 1) and changes nothing. Each file is one transaction with the line that notes it.
import { readdir, readFile } from "node:fs/promises";
import { pool } from "./db.js";

const FOLDER = new URL("./migrations/", import.meta.url);
const LOCK = 18182; // any number of ours: two at once take turns
const check = process.argv.includes("--check");

const client = await pool.connect();
await client.query("SELECT pg_advisory_lock($1)", [LOCK]);
const pending = await missing();
console.log(pending.length ? `pending: ${pending.join(", ")}` : "nothing to apply");
if (check) process.exitCode = pending.length ? 1 : 0;
else for (const name of pending) await apply(name);
client.release(true); // closed, which gives the lock back
await pool.end();

async function missing() {
  const { rows } = await client.query("SELECT to_regclass('migration') IS NOT NULL AS made");
  const done = rows[0].made ? (await client.query("SELECT name FROM migration")).rows.map((row) => row.name) : [];
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith(".sql")).sort();
  return files.filter((name) => !done.includes(name));
}

async function apply(name) {
  const sql = await readFile(new URL(name, FOLDER), "utf8");
  await client.query("BEGIN");
  await client.query("CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, at timestamptz DEFAULT now())");
  await client.query(sql);
  await client.query("INSERT INTO migration (name) VALUES ($1)", [name]);
  await client.query("COMMIT");
  console.log("applied", name);
}
