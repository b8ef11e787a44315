// Data scenarios: flags, each with a strategy in development. Made over the admin API, so the server has to be up:
// Unleash has no command for it, and IMPORT_FILE is read at every start, and overwrites what people changed.
// What is there already is left as it is. The last line on stdout is one JSON object.
import { call } from "./api.js";

const PROJECT = "admin/projects/default/features";
const DEFAULT = [
  { name: "new-checkout", description: "The checkout on one page", on: true, percent: 100 },
  { name: "dark-mode", description: "Colours for the night", on: true, percent: 50 },
  { name: "beta-search", description: "Search that knows synonyms", on: false, percent: 100 },
];

const [scenario = "default", count = "0"] = process.argv.slice(2);
const more = scenario === "many" ? Array.from({ length: Number(count) }, (_, index) => numbered(index + 1)) : [];
for (const flag of [...DEFAULT, ...more]) await ensure(flag);
const { json } = await call("GET", PROJECT);
console.log(JSON.stringify({ flags: json.features.length }));

function numbered(number) {
  return { name: `flag-${number}`, description: `Number ${number} of the series`, on: number % 2 === 1, percent: 100 };
}

async function ensure({ name, description, on, percent }) {
  const made = await call("POST", PROJECT, { name, description, type: "release" }, [201, 409]);
  if (made.status === 409) return; // it is there: what people changed stays
  const here = `${PROJECT}/${name}/environments/development`;
  const parameters = { rollout: String(percent), stickiness: "default", groupId: name };
  await call("POST", `${here}/strategies`, { name: "flexibleRollout", parameters });
  if (on) await call("POST", `${here}/on`);
}
