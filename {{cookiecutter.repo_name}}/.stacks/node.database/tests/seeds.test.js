// Owner: this service. The template wrote it once and leaves it to you.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";

import { NOW, seedBigTenant, seedDefault } from "../seeds/scenarios.js";
import { listCourses } from "../src/courses.js";
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

async function empty() {
  for (const table of ["enrolment", "learner", "course"]) await database(table).del();
}

for (const [name, seed] of [["default", seedDefault], ["big-tenant", (database) => seedBigTenant(database, 20, 3)]]) {
  test(`a second run of ${name} changes nothing`, async () => {
    await seed(database);
    const before = await rows();
    await seed(database);
    assert.deepEqual(await rows(), before);
  });
}

test("enrolments are spread over the year before the fixed clock", async () => {
  await seedBigTenant(database, 20);
  const times = (await database("enrolment").pluck("enrolled_at")).map(Number);
  assert.ok(new Set(times).size > 20);
  assert.ok(times.every((time) => NOW - 365 * 86_400_000 < time && time <= NOW));
});

test("the tenant's courses take its learners in turn", async () => {
  await empty();
  await seedBigTenant(database, 5, 2);
  const counts = Object.fromEntries((await listCourses({ database })).map((each) => [each.code, each.learner_count]));
  assert.deepEqual([counts.onboarding, counts["onboarding-2"]], [3, 2]);
});

test("a size that makes no sense is refused", () => {
  for (const size of ["0", "-1", "many"]) {
    const words = ["seeds/run.js", "big-tenant", `--courses=${size}`];
    const done = spawnSync(process.execPath, words, { env: environment, encoding: "utf8" });
    assert.equal(done.status, 2);
    assert.match(done.stderr, /^--courses is .*; allowed: a whole number from 1\n$/);
  }
});

test("a seed restores a changed row", async () => {
  await seedDefault(database);
  await database("course").where({ code: "welding" }).update({ title: "Changed" });
  await seedDefault(database);
  assert.equal((await database("course").where({ code: "welding" }).first()).title, "Welding, an introduction");
});

test("the last line is one JSON object of row counts", async () => {
  await empty();
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
  await database("knex_migrations").insert(last); // the database is kept
  assert.deepEqual([done.status, done.stdout.trim()], [1, `pending: ${last.name}`]);
});
