// Owner: this service. The template wrote it once and leaves it to you.
// `node seeds/scrub.js` replaces personal data with invented values made of ids. If it runs twice, it leaves the same rows.
import { openDatabase } from "../src/database.js";
import { readSettings } from "../src/settings.js";
import { refuseOutsideDevelopment } from "./guard.js";
import { LEARNERS, TENANT } from "./scenarios.js";

const settings = readSettings(process.env);
refuseOutsideDevelopment(settings);
const database = openDatabase(settings);
try {
  const learners = await database.transaction(scrubLearners);
  console.log(JSON.stringify({ learners }));
} finally {
  await database.destroy();
}

/** How many were changed: all but those who are just as a seed made them, and were invented. */
function scrubLearners(transaction) {
  const email = transaction.raw("concat('learner-', id, '@scrubbed.example.org')");
  const name = transaction.raw("concat('Learner ', id)");
  return transaction("learner")
    .whereNotIn(["email", "name"], Object.entries(LEARNERS))
    .whereNot((tenants) => tenants.where("email", "like", `%${TENANT}`).where("name", "like", "Learner %"))
    .whereNot((scrubbed) => scrubbed.where({ email, name }))
    .update({ email, name });
}
