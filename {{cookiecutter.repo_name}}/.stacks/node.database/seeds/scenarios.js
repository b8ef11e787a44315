// Owner: this service. The template wrote it once and leaves it to you.
// The data scenarios of dev.yaml. Deterministic: no clock, no chance. Idempotent: rows are found by their natural key and
// mended. Each takes a transaction.

const NOW = new Date("2025-01-06T09:00:00Z");
const PIECE = 1000; // rows in one statement, of which databases take only so many values

const COURSES = {
  astronomy: "Astronomy for everybody",
  statistics: "Statistics with a pencil",
  welding: "Welding, an introduction",
};
const LEARNERS = { ada: "Ada", emil: "Emil", grace: "Grace", noor: "Noor" };
const ENROLMENTS = { astronomy: ["ada", "emil", "grace"], statistics: ["ada", "noor"] };

export async function seedDefault(database) {
  await addCourses(database, COURSES);
  await addLearners(database, Object.entries(LEARNERS).map(([nick, name]) => ({ email: email(nick), name })));
  for (const [code, nicks] of Object.entries(ENROLMENTS)) await enrol(database, code, nicks.map(email));
}

export async function seedBigTenant(database, learners) {
  await seedDefault(database);
  await addCourses(database, { onboarding: "Onboarding at Big Tenant" });
  const people = Array.from({ length: learners }, (_, number) => ({
    email: `learner-${String(number).padStart(6, "0")}@big-tenant.example.org`,
    name: `Learner ${number}`,
  }));
  await addLearners(database, people);
  await enrol(database, "onboarding", people.map((person) => person.email));
}

export async function countRows(database) {
  const count = async (table) => Number((await database(table).count({ rows: "*" }))[0].rows);
  return { courses: await count("course"), learners: await count("learner"), enrolments: await count("enrolment") };
}

function email(nick) {
  return `${nick}@example.org`;
}

async function addCourses(database, courses) {
  const rows = Object.entries(courses).map(([code, title]) => ({ code, title }));
  await database("course").insert(rows).onConflict("code").merge();
}

async function addLearners(database, people) {
  for (const rows of pieces(people)) await database("learner").insert(rows).onConflict("email").merge();
}

async function enrol(database, code, emails) {
  const { id: course_id } = await database("course").where({ code }).first("id");
  for (const piece of pieces(emails)) {
    const learners = await database("learner").whereIn("email", piece).pluck("id");
    const rows = learners.map((learner_id) => ({ course_id, learner_id, enrolled_at: NOW }));
    await database("enrolment").insert(rows).onConflict(["course_id", "learner_id"]).merge();
  }
}

function* pieces(list) {
  for (let start = 0; start < list.length; start += PIECE) yield list.slice(start, start + PIECE);
}
