// Owner: this service. The template wrote it once and leaves it to you.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { beforeEach, test } from "node:test";

import { seedBigTenant } from "../seeds/scenarios.js";
import { openTestServices, testSettings } from "./support.js";

const { database } = await openTestServices();

beforeEach(async () => {
  await database("learner").del();
  await seedBigTenant(database, 3);
});

function scrub(variables = {}) {
  const env = { ...process.env, DB_NAME: testSettings.DB_NAME, ...variables };
  return spawnSync(process.execPath, ["seeds/scrub.js"], { env, encoding: "utf8" });
}

const learners = () => database("learner").orderBy("id");

test("a person keeps the key alone", async () => {
  await database("learner").insert({ name: "Jane Doe", email: "jane@real.example.com" });
  const { id } = await database("learner").where({ name: "Jane Doe" }).first();
  assert.equal(scrub().stdout, '{"learners":1}\n');
  const found = await database("learner").where({ id }).first();
  assert.deepEqual({ ...found }, { id, name: `Learner ${id}`, email: `learner-${id}@scrubbed.example.org` });
  assert.equal(scrub().stdout, '{"learners":0}\n');
});

test("what the seeds made stays", async () => {
  const before = await learners();
  assert.equal(scrub().stdout, '{"learners":0}\n');
  assert.deepEqual(await learners(), before);
});

test("a seed that somebody renamed is a stranger", async () => {
  await database("learner").whereIn("name", ["Ada", "Learner 1"]).update({ name: "Jane Doe" });
  assert.equal(scrub().stdout, '{"learners":2}\n');
  assert.doesNotMatch(JSON.stringify(await learners()), /Jane/);
});

test("refused where the public URL is not local", () => {
  const done = scrub({ PUBLIC_URL: "https://courses.example.org" });
  assert.equal(done.status, 2);
  assert.match(done.stderr, /this is courses\.example\.org/);
});
