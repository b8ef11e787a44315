// Owner: this service. The template wrote it once and leaves it to you.
// Read by Knex's command line: `knex migrate:latest`, `knex migrate:make NAME`.
import { databaseOptions } from "./src/database.js";
import { readSettings } from "./src/settings.js";

export default databaseOptions(readSettings(process.env));
