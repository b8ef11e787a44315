// Owner: this service. The template wrote it once and leaves it to you.
import knex from "knex";

/** How Knex reaches the database and finds the migrations, for the service and (knexfile.js) for Knex's command line. */
export function databaseOptions(settings) {
  return {
{% if cookiecutter.database == "mysql" %}
    client: "mysql2", // MySQL and MariaDB
{% else %}
    client: "pg",
{% endif %}
    connection: {
      host: settings.DB_HOST,
      port: settings.DB_PORT,
      database: settings.DB_NAME,
      user: settings.DB_USER,
      password: settings.DB_PASSWORD,
{% if cookiecutter.database == "mysql" %}
      timezone: "Z", // a DATETIME has no time zone: all are UTC
      connectTimeout: 3000,
{% else %}
      connectionTimeoutMillis: 3000,
{% endif %}
    },
    // Connections are made when needed. A dead one (restarted server, swapped database) is replaced.
    pool: { min: 0, max: 5 },
    acquireConnectionTimeout: 3000,
    // The suffix of modules that `knex migrate:make` writes.
    migrations: { directory: "migrations", extension: "mjs", loadExtensions: [".mjs"] },
  };
}

export function openDatabase(settings) {
  return knex(databaseOptions(settings));
}
