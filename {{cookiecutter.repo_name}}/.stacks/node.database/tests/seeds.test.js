// Owner: this service. The template wrote it once and leaves it to you.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";

import { seedBigTenant, seedDefault } from "../seeds/scenarios.js";
import { openTestServices, testSettings } from "./support.js";

const { database } = await openTestServices();
const environment = { ...process.env, DB_NAME: testSettings.DB_NAME };

async function rows() {
  return {
    courses: await database("course").orderBy("id"),
    learners: await database("learner").orderBy("id"),
    enrolments: await database("enrolment").orderBy(["course_id", "learner_id"]),
  };
}

for (const [name, seed] of [["default", seedDefault], ["big-tenant", (database) => seedBigTenant(database, 20)]]) {
  test(`a second run of ${name} changes nothing`, async () => {
    await seed(database);
    const before = await rows();
    await seed(database);
    assert.deepEqual(await rows(), before);
  });
}

test("times are fixed", async () => {
  await seedDefault(database);
  const { enrolled_at } = await database("enrolment").first();
  assert.equal(enrolled_at.toISOString(), "2025-01-06T09:00:00.000Z");
});

test("a seed mends a changed row", async () => {
  await seedDefault(database);
  await database("course").where({ code: "welding" }).update({ title: "Changed" });
  await seedDefault(database);
  assert.equal((await database("course").where({ code: "welding" }).first()).title, "Welding, an introduction");
});

test("the last line is one JSON object of row counts", async () => {
  for (const table of ["enrolment", "learner", "course"]) await database(table).del();
  const words = ["seeds/run.js", "big-tenant", "--learners", "5"];
  const output = execFileSync(process.execPath, words, { env: environment, encoding: "utf8" });
  assert.deepEqual(JSON.parse(output.trim().split("\n").at(-1)), { courses: 4, learners: 9, enrolments: 10 });
});

test("refused where the public URL is not local", () => {
  const env = { ...environment, PUBLIC_URL: "https://courses.example.org" };
  const done = spawnSync(process.execPath, ["seeds/run.js", "default"], { env, encoding: "utf8" });
  assert.equal(done.status, 2);
  assert.match(done.stderr, /this is courses\.example\.org/);
});

test("a missing migration is pending", async () => {
  const last = await database("knex_migrations").orderBy("id", "desc").first();
  await database("knex_migrations").where({ id: last.id }).del();
  const done = spawnSync(process.execPath, ["pending.js"], { env: environment, encoding: "utf8" });
  assert.deepEqual([done.status, done.stdout.trim()], [1, `pending: ${last.name}`]);
});
