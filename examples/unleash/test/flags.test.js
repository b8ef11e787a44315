// The server as those who ask it for flags meet it, on the data of the seed. What is up is asked, and not changed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { call } from "../seeds/api.js";

const run = (...words) => execFileSync(process.execPath, words, { encoding: "utf8" });

test("seeding again changes nothing and says how much is there", async () => {
  const before = (await call("GET", "admin/projects/default/features")).json;
  assert.deepEqual(JSON.parse(run("seeds/flags.js", "default")), { flags: before.features.length });
  assert.deepEqual((await call("GET", "admin/projects/default/features")).json, before);
});

test("a flag of the seed has its strategy", async () => {
  const { json } = await call("GET", "admin/projects/default/features/dark-mode");
  const development = json.environments.find(({ name }) => name === "development");
  assert.equal(development.enabled, true);
  assert.equal(development.strategies[0].parameters.rollout, "50");
});

test("all migrations of the package are applied", () => run("migrate.js", "--check"));
