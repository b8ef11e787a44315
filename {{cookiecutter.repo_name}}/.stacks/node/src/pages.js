// Owner: this service. The template wrote it once and leaves it to you.
import { html } from "./html.js";

/** The page that lists `courses`. */
export function indexPage(courses) {
  const items = courses.map(({ title, learner_count }) => html`
    <li>${title}: ${learner_count} ${learner_count === 1 ? "learner" : "learners"}</li>`);
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Courses</title>
</head>
<body>
  <h1>Courses</h1>
  ${courses.length ? html`<ul>${items}
  </ul>` : html`<p>None yet.</p>`}
</body>
</html>
`.toString();
}
