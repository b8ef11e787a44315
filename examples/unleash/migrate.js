// Applies the package's migrations; with --check, applies nothing and ends with 1 where some are missing; with --list,
// prints their names.
// By itself Unleash migrates when it starts: DATABASE_DISABLE_MIGRATION in compose.yaml turns that off.
import { readdirSync } from "node:fs";
import pg from "pg";
import { database } from "./database.js";

if (process.argv.includes("--list")) {
  console.log(known().join("\n"));
  process.exit();
}
if (process.argv.includes("--check")) {
  process.exit(Number((await pending()).length > 0));
}
const { migrateDb } = await import("unleash-server"); // not above: it takes seconds, and the check does without
await migrateDb({ db: { driver: "postgres", schema: "public", ssl: false, ...database } });
process.exit(0); // the migrator leaves its connections open

function known() {
  const folder = new URL("../migrations/", import.meta.resolve("unleash-server"));
  const files = readdirSync(folder).filter((name) => name.endsWith(".js"));
  return files.map((name) => `/${name.slice(0, -3)}`);
}

async function pending() {
  const done = new Set(await applied());
  return known().filter((name) => !done.has(name));
}

async function applied() {
  const client = new pg.Client(database);
  await client.connect();
  const { rows } = await client.query("SELECT to_regclass('migrations') IS NOT NULL AS there");
  const names = rows[0].there ? (await client.query("SELECT name FROM migrations")).rows : [];
  await client.end();
  return names.map((row) => row.name);
}
