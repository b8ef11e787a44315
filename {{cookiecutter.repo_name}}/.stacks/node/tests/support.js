// Owner: this service. The template wrote it once and leaves it to you.
// Shared by several test files. It is not a test, so its name does not end with .test.js.
import { after } from "node:test";

{% if cookiecutter.database != "none" %}
import { openDatabase } from "../src/database.js";
{% endif %}
import { closeServices, openServices } from "../src/services.js";
import { readSettings } from "../src/settings.js";

const settings = readSettings(process.env);
{% if cookiecutter.database == "none" and cookiecutter.cache == "none" %}
export const testSettings = settings;
{% else %}
/** Those that development does not use, so that its rows are left alone. */
export const testSettings = {
  ...settings,
{% if cookiecutter.database != "none" %}
  DB_NAME: `test_${settings.DB_NAME}`,
{% endif %}
{% if cookiecutter.cache != "none" %}
  CACHE_DB: 1,
{% endif %}
};
{% endif %}

/** Services of a test file's own, empty at its beginning and closed at its end. */
export async function openTestServices() {
{% if cookiecutter.database != "none" %}
  const server = openDatabase(settings);
  await server.raw("DROP DATABASE IF EXISTS ??", [testSettings.DB_NAME]);
  await server.raw("CREATE DATABASE ??", [testSettings.DB_NAME]);
{% endif %}
  const services = openServices(testSettings);
{% if cookiecutter.database != "none" %}
  await services.database.migrate.latest();
{% endif %}
{% if cookiecutter.cache != "none" %}
  await services.cache.flushdb();
{% endif %}
  after(async () => {
    await closeServices(services);
{% if cookiecutter.database != "none" %}
    await server.raw("DROP DATABASE ??", [testSettings.DB_NAME]);
    await server.destroy();
{% endif %}
  });
  return services;
}
