// Owner: this service. The template wrote it once and leaves it to you.
import { listCourses } from "./courses.js";

const KEY = "report";

{% if cookiecutter.database != "none" %}
/** The job: how many learners each course has, as JSON in the cache. */
export async function makeReport(services) {
  const courses = await listCourses(services);
  const learners = Object.fromEntries(courses.map(({ code, learner_count }) => [code, learner_count]));
  await services.cache.set(KEY, JSON.stringify({ learners }));
}
{% else %}
/** The job: how many courses there are, as JSON in the cache. */
export async function makeReport(services) {
  const courses = await listCourses(services);
  await services.cache.set(KEY, JSON.stringify({ courses: courses.length }));
}
{% endif %}

/** The last report; null until there is one. */
export async function readReport({ cache }) {
  return JSON.parse(await cache.get(KEY));
}
