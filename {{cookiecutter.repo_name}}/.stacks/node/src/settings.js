// Owner: this service. The template wrote it once and leaves it to you.
// The settings that differ between development and production, typed. No other module reads the environment.
const SERVICE = "{{ cookiecutter.service }}";

/** The settings, under the names of their variables. An Error names the one that is missing or wrong. */
export function readSettings(variables) {
  // All others must be set: a default that is wrong in production would be noticed too late.
  const all = { BIND: "0.0.0.0",{{ ' CACHE_DB: "0",' if cookiecutter.cache != "none" }} ...variables };
  return {
    PORT: integer(all, "PORT"),
    BIND: text(all, "BIND"),
    PUBLIC_URL: url(all, "PUBLIC_URL"), // the public address, such as https://courses.example.org
    HOSTS: hosts(url(all, "PUBLIC_URL")),
{% if cookiecutter.database != "none" %}
    DB_HOST: text(all, "DB_HOST"),
    DB_PORT: integer(all, "DB_PORT"),
    DB_NAME: text(all, "DB_NAME"),
    DB_USER: text(all, "DB_USER"),
    DB_PASSWORD: text(all, "DB_PASSWORD"),
{% endif %}
{% if cookiecutter.cache != "none" %}
    CACHE_HOST: text(all, "CACHE_HOST"),
    CACHE_PORT: integer(all, "CACHE_PORT"),
    CACHE_PASSWORD: all.CACHE_PASSWORD || undefined, // not every cache needs one
    CACHE_DB: integer(all, "CACHE_DB"), // the tests use another one than development
{% endif %}
{% if cookiecutter.worker != "none" %}
    HEARTBEAT: all.HEARTBEAT, // the worker touches this file; undefined if nobody looks at it
{% endif %}
  };
}

/** The public name, the name for other services, and the name for health checks. */
function hosts(publicUrl) {
  return [new URL(publicUrl).hostname, `${SERVICE}.localhost`, SERVICE, "localhost", "127.0.0.1"];
}

function text(variables, name) {
  if (!variables[name]) throw new Error(`the environment variable ${name} is not set`);
  return variables[name];
}

function integer(variables, name) {
  const value = text(variables, name);
  if (!/^\d+$/.test(value)) throw new Error(`${name} is ${value}; allowed: a whole number`);
  return Number(value);
}

function url(variables, name) {
  const value = text(variables, name);
  if (!/^https?:\/\/./.test(value) || !URL.canParse(value)) throw new Error(`${name} is ${value}; allowed: http://… or https://…`);
  return value;
}
