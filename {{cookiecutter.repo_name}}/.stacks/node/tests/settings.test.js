// Owner: this service. The template wrote it once and leaves it to you.
import assert from "node:assert/strict";
import { test } from "node:test";

import { readSettings } from "../src/settings.js";

const COMPLETE = {
  PORT: "{{ cookiecutter.port }}",
  PUBLIC_URL: "https://courses.example.org",
{% if cookiecutter.database != "none" %}
  DB_HOST: "db",
  DB_PORT: "5432",
  DB_NAME: "service",
  DB_USER: "service",
  DB_PASSWORD: "secret",
{% endif %}
{% if cookiecutter.cache != "none" %}
  CACHE_HOST: "cache",
  CACHE_PORT: "6379",
{% endif %}
};

test("numbers are numbers", () => {
  assert.equal(readSettings(COMPLETE).PORT, {{ cookiecutter.port }});
});

test("the public name is one of the service's", () => {
  assert.ok(readSettings(COMPLETE).HOSTS.includes("courses.example.org"));
});

test("all addresses of the machine are listened on unless BIND says otherwise", () => {
  assert.equal(readSettings(COMPLETE).BIND, "0.0.0.0");
  assert.equal(readSettings({ ...COMPLETE, BIND: "127.0.0.1" }).BIND, "127.0.0.1");
});

for (const name of Object.keys(COMPLETE)) {
  test(`a missing or empty ${name} is named`, () => {
    const { [name]: _, ...others } = COMPLETE;
    assert.throws(() => readSettings(others), new RegExp(name));
    assert.throws(() => readSettings({ ...COMPLETE, [name]: "" }), new RegExp(name));
  });
}

test("a wrong value is named with what is allowed", () => {
  assert.throws(() => readSettings({ ...COMPLETE, PORT: "many" }), /PORT is many; allowed: a whole number/);
  assert.throws(() => readSettings({ ...COMPLETE, PUBLIC_URL: "courses" }), /PUBLIC_URL is courses; allowed: http/);
});
