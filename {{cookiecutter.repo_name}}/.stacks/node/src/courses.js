// Owner: this service. The template wrote it once and leaves it to you.
{% if cookiecutter.cache != "none" and cookiecutter.database != "none" %}
import { remember } from "./cache.js";

{% endif %}
{% if cookiecutter.database != "none" %}
/** Each course with the number of its learners, by code. */
export async function listCourses({ database }) {
  const courses = await database("course")
    .leftJoin("enrolment", "enrolment.course_id", "course.id")
    .select("course.code", "course.title")
    .count({ learner_count: "enrolment.learner_id" })
    .groupBy("course.code", "course.title")
    .orderBy("course.code");
  // SQL counts in 64 bits, which drivers may return as text.
  return courses.map((course) => ({ ...course, learner_count: Number(course.learner_count) }));
}
{% else %}
const COURSES = [
  { code: "astronomy", title: "Astronomy for everybody", learner_count: 3 },
  { code: "statistics", title: "Statistics with a pencil", learner_count: 2 },
  { code: "welding", title: "Welding, an introduction", learner_count: 0 },
];

/** Each course with the number of its learners, by code. */
export async function listCourses() {
  return COURSES;
}
{% endif %}
{% if cookiecutter.cache != "none" and cookiecutter.database != "none" %}

/** The same, up to five seconds old: many readers of the page, one query. */
export function listCoursesLately(services) {
  return remember(services.cache, "courses", 5, () => listCourses(services));
}
{% endif %}
