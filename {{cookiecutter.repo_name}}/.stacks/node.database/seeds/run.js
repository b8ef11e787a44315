// Owner: this service. The template wrote it once and leaves it to you.
// `node seeds/run.js SCENARIO [--learners N] [--courses N]` fills a scenario into the database. If it runs twice, it leaves
// the same rows.
import { parseArgs } from "node:util";

import { openDatabase } from "../src/database.js";
import { readSettings } from "../src/settings.js";
import { fail, refuseOutsideDevelopment } from "./guard.js";
import { countRows, seedBigTenant, seedDefault } from "./scenarios.js";

const SCENARIOS = {
  default: (database) => seedDefault(database),
  "big-tenant": (database, { learners, courses }) =>
    seedBigTenant(database, size("--learners", learners), size("--courses", courses)),
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { learners: { type: "string", default: "1000" }, courses: { type: "string", default: "1" } },
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

function size(name, value) {
  if (!/^0*[1-9]\d*$/.test(value)) fail(`${name} is ${value}; allowed: a whole number from 1`);
  return Number(value);
}
