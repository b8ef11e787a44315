// The database. PORT, BIND and DB_* come from the environment, and none of DB_* has a default:
// a service that silently fell back to another database would look healthy and be wrong.
import pg from "pg";

export const pool = new pg.Pool({
  host: required("DB_HOST"),
  port: Number(required("DB_PORT")),
  database: required("DB_NAME"),
  user: required("DB_USER"),
  password: required("DB_PASSWORD"),
  connectionTimeoutMillis: 3000,
  max: 5,
});
// A server that restarts ends idle connections. Without a listener that would end this process, too.
pool.on("error", (error) => console.error("idle connection lost:", error.message));

function required(name) {
  if (!process.env[name]) throw new Error(`the environment variable ${name} is not set`);
  return process.env[name];
}
