// Owner: this service. The template wrote it once and leaves it to you.
// `node seeds/run.js SCENARIO [--learners N]` puts a scenario into the database. Run twice, it leaves the same rows.
import { parseArgs } from "node:util";

import { openDatabase } from "../src/database.js";
import { readSettings } from "../src/settings.js";
import { countRows, seedBigTenant, seedDefault } from "./scenarios.js";

const SCENARIOS = {
  default: (database) => seedDefault(database),
  "big-tenant": (database, options) => seedBigTenant(database, wholeNumber("--learners", options.learners)),
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { learners: { type: "string", default: "1000" } },
});
const scenario = SCENARIOS[positionals[0]];
if (!scenario) fail(`the scenario is ${positionals[0]}; allowed: ${Object.keys(SCENARIOS).join(", ")}`);

const settings = readSettings(process.env);
refuseOutsideDevelopment(settings);
const database = openDatabase(settings);
try {
  await database.transaction((transaction) => scenario(transaction, values));
  // The last line of stdout is the answer, for dev.seed and for services that require this one.
  console.log(JSON.stringify(await countRows(database)));
} finally {
  await database.destroy();
}

/** Nobody wants invented learners among real ones. */
function refuseOutsideDevelopment({ PUBLIC_URL }) {
  const host = new URL(PUBLIC_URL).hostname;
  if (host !== "localhost" && !host.endsWith(".localhost"))
    fail(`seeds are for development; PUBLIC_URL says that this is ${host}`);
}

function wholeNumber(name, value) {
  if (!/^\d+$/.test(value)) fail(`${name} is ${value}; allowed: a whole number`);
  return Number(value);
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
