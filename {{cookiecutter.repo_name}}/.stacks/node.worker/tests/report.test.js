// Owner: this service. The template wrote it once and leaves it to you.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { buildApp } from "../src/app.js";
import { startWorker } from "../src/queue.js";
{% if cookiecutter.database != "none" %}
import { seedDefault } from "../seeds/scenarios.js";
{% endif %}
import { openTestServices, testSettings } from "./support.js";

const services = await openTestServices();
{% if cookiecutter.database != "none" %}
await seedDefault(services.database);
{% endif %}
const app = buildApp(services, testSettings);

test("before the first request, a report does not exist", async () => {
  assert.equal((await app.inject("/api/report")).statusCode, 404);
});

test("the worker makes the report that was asked for", { timeout: 10_000 }, async () => {
  const worker = startWorker(services, testSettings);
  after(() => worker.close());
  const { statusCode } = await app.inject({ method: "POST", path: "/api/report" });
  assert.equal(statusCode, 202);
  let answer = await app.inject("/api/report");
  while (answer.statusCode === 404) {
    await sleep(50);
    answer = await app.inject("/api/report");
  }
{% if cookiecutter.database != "none" %}
  assert.deepEqual(answer.json(), { learners: { astronomy: 3, statistics: 2, welding: 0 } });
{% else %}
  assert.deepEqual(answer.json(), { courses: 3 });
{% endif %}
});
