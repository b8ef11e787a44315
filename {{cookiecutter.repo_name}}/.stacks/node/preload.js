// Owner: shared. Edit freely: updates are merged in (cruft, three-way).
// Imports the libraries before an edit, in the process that loads this service's code after it: see develop.js.
// Add others that are slow, but none of this repository, and none that reads your files or
// settings when it is imported.
const LIBRARIES = [
{% if cookiecutter.worker != "none" %}
  "bullmq",
{% endif %}
  "fastify",
{% if cookiecutter.cache == "redis" %}
  "ioredis",
{% endif %}
{% if cookiecutter.database != "none" %}
  "knex",
{% endif %}
{% if cookiecutter.database == "mysql" %}
  "mysql2",
{% elif cookiecutter.database == "postgres" %}
  "pg",
{% endif %}
];

const edited = new Promise((resolve) => process.once("message", resolve)); // it may come while they are imported
for (const name of LIBRARIES) await import(name).catch(() => {}); // then the code that needs it says so
await edited;
