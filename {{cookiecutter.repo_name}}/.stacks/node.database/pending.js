// Owner: this service. The template wrote it once and leaves it to you.
// Prints the migrations that the database lacks; exit code 1 if there are any. Knex's command line has no such exit code.
import { openDatabase } from "./src/database.js";
import { readSettings } from "./src/settings.js";

const database = openDatabase(readSettings(process.env));
try {
  const [, pending] = await database.migrate.list();
  console.log(pending.length ? `pending: ${pending.map(({ file }) => file).join(", ")}` : "nothing to apply");
  process.exitCode = pending.length ? 1 : 0;
} finally {
  await database.destroy();
}
