// In a database of its own, made and removed here: the one that people work with is left alone.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import pg from "pg";

const { DB_HOST: host, DB_PORT: port, DB_NAME: database, DB_USER: user, DB_PASSWORD: password } = process.env;
const admin = new pg.Client({ host, port, database, user, password });
process.env.DB_NAME = `test_${database}`;
const { pool } = await import("../db.js");
const { answer } = await import("../app.js");

const run = (...words) => execFileSync(process.execPath, words, { encoding: "utf8" });

before(async () => {
  await admin.connect();
  await admin.query(`DROP DATABASE IF EXISTS ${process.env.DB_NAME}`);
  await admin.query(`CREATE DATABASE ${process.env.DB_NAME}`);
  assert.throws(() => run("migrate.js", "--check"));
  run("migrate.js");
  run("migrate.js", "--check");
});

after(async () => {
  await pool.end();
  await admin.query(`DROP DATABASE ${process.env.DB_NAME}`);
  await admin.end();
});

test("seeding again changes nothing and says how much is there", async () => {
  assert.deepEqual(JSON.parse(run("seed.js")), { notes: 3 });
  const first = await answer("/notes");
  run("seed.js");
  assert.deepEqual(await answer("/notes"), first);
});

test("a note can be read by its name", async () => {
  assert.deepEqual(await answer("/notes/shop"), [200, { slug: "shop", text: "Open around the clock." }]);
});

test("what is not there is 404", async () => {
  assert.equal((await answer("/notes/nothing"))[0], 404);
  assert.equal((await answer("/elsewhere"))[0], 404);
});

test("health asks the database", async () => {
  assert.deepEqual(await answer("/health"), [200, { status: "ok", database: "ok" }]);
});
