// Owner: this service. The template wrote it once and leaves it to you.
// The data scenarios of dev.yaml. Deterministic: no clock, no random values. Idempotent: rows are found by their natural
// key and updated. Each takes a transaction.
import { createHash } from "node:crypto";

export const NOW = new Date("2025-01-06T09:00:00Z");
const MINUTE = 60_000; // in milliseconds
const YEAR = 365 * 24 * 60; // in minutes
const PIECE = 1000; // rows in one statement, since databases limit the number of values

const COURSES = {
  astronomy: "Astronomy for everybody",
  statistics: "Statistics with a pencil",
  welding: "Welding, an introduction",
};
export const LEARNERS = {
  "ada@example.org": "Ada",
  "emil@example.org": "Emil",
  "grace@example.org": "Grace",
  "noor@example.org": "Noor",
};
const ENROLMENTS = {
  astronomy: ["ada@example.org", "emil@example.org", "grace@example.org"],
  statistics: ["ada@example.org", "noor@example.org"],
};
export const TENANT = "@big-tenant.example.org";

export async function seedDefault(database) {
  await addCourses(database, COURSES);
  await addLearners(database, Object.entries(LEARNERS).map(([email, name]) => ({ email, name })));
  for (const [code, emails] of Object.entries(ENROLMENTS)) await enrol(database, code, emails);
}

/** The courses take the learners in turn. */
export async function seedBigTenant(database, learners, courses = 1) {
  await seedDefault(database);
  const titles = { onboarding: "Onboarding at Big Tenant" };
  for (let group = 2; group <= courses; group++)
    titles[`onboarding-${group}`] = `Onboarding at Big Tenant, group ${group}`;
  await addCourses(database, titles);
  const people = Array.from({ length: learners }, (_, number) => ({
    email: `learner-${String(number).padStart(6, "0")}${TENANT}`,
    name: `Learner ${number}`,
  }));
  await addLearners(database, people);
  for (const [first, code] of Object.keys(titles).entries()) {
    const own = people.filter((_, number) => number % courses === first);
    await enrol(database, code, own.map((person) => person.email));
  }
}

export async function countRows(database) {
  const count = async (table) => Number((await database(table).count({ rows: "*" }))[0].rows);
  return { courses: await count("course"), learners: await count("learner"), enrolments: await count("enrolment") };
}

async function addCourses(database, courses) {
  const all = Object.entries(courses).map(([code, title]) => ({ code, title }));
  for (const rows of pieces(all)) await database("course").insert(rows).onConflict("code").merge();
}

async function addLearners(database, people) {
  for (const rows of pieces(people)) await database("learner").insert(rows).onConflict("email").merge();
}

async function enrol(database, code, emails) {
  const { id: course_id } = await database("course").where({ code }).first("id");
  for (const piece of pieces(emails)) {
    const learners = await database("learner").whereIn("email", piece).select("id", "email");
    const rows = learners.map(({ id, email }) => ({
      course_id,
      learner_id: id,
      enrolled_at: moment(`${code} ${email}`),
    }));
    await database("enrolment").insert(rows).onConflict(["course_id", "learner_id"]).merge();
  }
}

/** A minute of the year before NOW, always the same one for the same key. */
function moment(key) {
  const number = createHash("sha256").update(key).digest().readUInt32BE();
  return new Date(NOW - (number % YEAR) * MINUTE);
}

function* pieces(list) {
  for (let start = 0; start < list.length; start += PIECE) yield list.slice(start, start + PIECE);
}
