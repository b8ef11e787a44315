// Owner: this service. The template wrote it once and leaves it to you.
// Shared by several test files. It is not a test, so its name does not end with .test.js.
{% if cookiecutter.database != "none" %}
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
{% endif %}
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
  // One for all states of development's data: a MySQL or MariaDB has a database for each, app_0123456789ab.
  DB_NAME: `test_${settings.DB_NAME.replace(/_[0-9a-f]{12}$/, "")}`,
{% endif %}
{% if cookiecutter.cache != "none" %}
  CACHE_DB: 1,
{% endif %}
};
{% endif %}

/** Services of a test file's own, empty at its beginning and closed at its end. */
export async function openTestServices() {
  const services = openServices(testSettings);
{% if cookiecutter.database != "none" %}
  await prepare(services.database);
{% endif %}
{% if cookiecutter.cache != "none" %}
  await services.cache.flushdb();
{% endif %}
  after(() => closeServices(services));
  return services;
}
{% if cookiecutter.database != "none" %}

const MADE_OF = "test_database"; // the table in it that says which migrations it was made of
const OTHERS = [MADE_OF, "knex_migrations", "knex_migrations_lock"];

/** The test database is kept between runs, and created again after a migration has changed. */
async function prepare(database) {
  const migrations = createHash("sha256");
  const files = readdirSync("migrations", { recursive: true }).filter((name) => /\.\w+$/.test(name));
  for (const file of files.sort()) migrations.update(file).update(readFileSync(`migrations/${file}`));
  const key = migrations.digest("hex");
  if (await isMadeOf(key)) return empty(database);
  const server = openDatabase(settings);
  await server.raw("DROP DATABASE IF EXISTS ??", [testSettings.DB_NAME]);
  await server.raw("CREATE DATABASE ??", [testSettings.DB_NAME]);
  await server.destroy();
  await database.migrate.latest();
  for (const table of await tables(database)) if (await database(table).first()) return; // emptied, it would be another
  await database.schema.createTable(MADE_OF, (table) => table.string("key"));
  await database(MADE_OF).insert({ key });
}

async function isMadeOf(key) {
  const database = openDatabase(testSettings);
  try {
    const [, pending] = await database.migrate.list();
    return !pending.length && (await database(MADE_OF).first("key")).key === key;
  } catch {
    return false; // there is none, or not a whole one
  } finally {
    await database.destroy(); // a database with connections cannot be dropped
  }
}

async function tables(database) {
{% if cookiecutter.database == "mysql" %}
  const here = { table_schema: testSettings.DB_NAME, table_type: "BASE TABLE" };
{% else %}
  const here = { table_schema: "public", table_type: "BASE TABLE" };
{% endif %}
  const found = await database("information_schema.tables").where(here).select({ name: "table_name" });
  return found.map(({ name }) => name).filter((name) => !OTHERS.includes(name));
}

async function empty(database) {
  const names = await tables(database);
{% if cookiecutter.database == "mysql" %}
  await database.transaction(async (connection) => {
    await connection.raw("SET FOREIGN_KEY_CHECKS = 0");
    for (const name of names) await connection.raw("TRUNCATE ??", [name]);
    await connection.raw("SET FOREIGN_KEY_CHECKS = 1");
  });
{% else %}
  if (names.length) await database.raw(`TRUNCATE ${names.map(() => "??")} RESTART IDENTITY`, names);
{% endif %}
}
{% endif %}
