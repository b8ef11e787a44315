// Owner: this service. The template wrote it once and leaves it to you.
import assert from "node:assert/strict";
import { test } from "node:test";

import { buildApp } from "../src/app.js";
import { html } from "../src/html.js";
import { indexPage } from "../src/pages.js";
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}
import { closeServices, openServices } from "../src/services.js";
{% endif %}
{% if cookiecutter.database != "none" %}
import { seedDefault } from "../seeds/scenarios.js";
{% endif %}
import { openTestServices, testSettings } from "./support.js";

const services = await openTestServices();
{% if cookiecutter.database != "none" %}
await seedDefault(services.database);
{% endif %}
const app = buildApp(services, testSettings);

test("the page lists courses with their learners", async () => {
  const page = await app.inject("/");
  assert.match(page.headers["content-type"], /^text\/html/);
  assert.match(page.body, /Astronomy for everybody: 3 learners/);
});

test("the page reports an empty list of courses", () => {
  assert.match(indexPage([]), /None yet\./);
});

test("what is not HTML is escaped", () => {
  assert.equal(html`<p>${"<b>&"} ${[html`<i>`, 1]}</p>`.toString(), "<p>&#60;b&#62;&#38; <i>1</p>");
});

test("the API counts the learners of each course", async () => {
  const { courses } = (await app.inject("/api/courses")).json();
  assert.deepEqual(courses[0], { code: "astronomy", title: "Astronomy for everybody", learner_count: 3 });
  assert.deepEqual(courses.map((course) => course.learner_count), [3, 2, 0]);
});

test("what is not there is 404", async () => {
  assert.equal((await app.inject("/nothing")).statusCode, 404);
});

for (const host of ["{{ cookiecutter.service }}", "{{ cookiecutter.service }}.localhost:1234", "127.0.0.1"]) {
  test(`${host} is a name of the service`, async () => {
    assert.equal((await app.inject({ path: "/health", headers: { host } })).statusCode, 200);
  });
}

for (const path of ["/", "/health", "/nothing"]) {
  test(`other names are refused at ${path}`, async () => {
    assert.equal((await app.inject({ path, headers: { host: "evil.example.org" } })).statusCode, 400);
  });
}

test("health is 200 when all answer", async () => {
  const answer = await app.inject("/health");
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.json().status, "ok");
});
{% if cookiecutter.database != "none" %}

test("health is 503 without a database, and does not say why", async () => {
  const answer = await askOther({ DB_PORT: 1 }, "/health");
  assert.equal(answer.statusCode, 503);
  assert.equal(answer.json().database, "unreachable");
  assert.doesNotMatch(answer.body, /ECONNREFUSED/);
});

test("an error of the database's is not shown to strangers", async () => {
  const answer = await askOther({ DB_PORT: 1 }, "/api/courses");
  assert.deepEqual([answer.statusCode, answer.json()], [500, { error: "see the log" }]);
});

test("a connection that died is replaced", async () => {
{% if cookiecutter.database == "mysql" %}
  const [[{ id }]] = await services.database.raw("SELECT CONNECTION_ID() AS id");
{% else %}
  const { id } = (await services.database.raw("SELECT pg_backend_pid() AS id")).rows[0];
{% endif %}
  const other = openServices(testSettings);
{% if cookiecutter.database == "mysql" %}
  await other.database.raw("KILL ?", [id]);
  // It ends a moment later.
  while ((await other.database.raw("SELECT 1 FROM information_schema.processlist WHERE id = ?", [id]))[0].length);
{% else %}
  await other.database.raw("SELECT pg_terminate_backend(?, 5000)", [id]);
{% endif %}
  await closeServices(other);
  assert.equal((await app.inject("/health")).statusCode, 200);
});
{% endif %}
{% if cookiecutter.cache != "none" %}

test("health is 503 without a cache", async () => {
  const answer = await askOther({ CACHE_PORT: 1 }, "/health");
  assert.equal(answer.statusCode, 503);
  assert.equal(answer.json().cache, "unreachable");
});
{% endif %}
{% if cookiecutter.cache != "none" and cookiecutter.database != "none" %}

test("the page is there without a cache", async () => {
  assert.match((await askOther({ CACHE_PORT: 1 }, "/")).body, /3 learners/);
});

test("the page keeps its numbers for a few seconds", async () => {
  await app.inject("/");
  assert.ok((await services.cache.ttl("courses")) > 0);
  await services.cache.set("courses", JSON.stringify([{ title: "Kept", learner_count: 1 }]));
  assert.match((await app.inject("/")).body, /Kept: 1 learner</);
});
{% endif %}
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}

/** The answer of an app that differs in some settings. */
async function askOther(changed, path) {
  const other = openServices({ ...testSettings, ...changed });
  try {
    return await buildApp(other, testSettings).inject(path);
  } finally {
    await closeServices(other);
  }
}
{% endif %}
