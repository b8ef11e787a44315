{% set lately = cookiecutter.cache != "none" and cookiecutter.database != "none" %}
// Owner: this service. The template wrote it once and leaves it to you.
// The routes.
import Fastify from "fastify";

import { listCourses{{ ", listCoursesLately" if lately }} } from "./courses.js";
import { health } from "./health.js";
import { indexPage } from "./pages.js";
{% if cookiecutter.worker != "none" %}
import { readReport } from "./report.js";
{% endif %}

/** The app on `services` (services.js), not yet listening. It answers under the names in `HOSTS` (settings.js). */
export function buildApp(services, { HOSTS }, options = {}) {
  const app = Fastify(options);

  // Without this, the page of a stranger could read this service: its name would resolve to 127.0.0.1 (DNS rebinding).
  app.addHook("onRequest", async (request, reply) => {
    if (!HOSTS.includes(request.hostname)) return reply.code(400).send({ error: "unknown host" });
  });

  app.get("/", async (request, reply) => {
    reply.type("text/html; charset=utf-8");
    return indexPage(await {{ "listCoursesLately" if lately else "listCourses" }}(services));
  });

  app.get("/api/courses", async () => ({ courses: await listCourses(services) }));

  // Called all the time, so only failures are logged.
  app.get("/health", { logLevel: "warn" }, async (request, reply) => {
    const { code, body } = await health(services, request.log);
    return reply.code(code).send(body);
  });
{% if cookiecutter.worker != "none" %}

  app.post("/api/report", async (request, reply) => {
    await services.queue.add("report", {});
    return reply.code(202).send({ status: "queued" });
  });

  app.get("/api/report", async (request, reply) => {
    const report = await readReport(services);
    return report ?? reply.code(404).send({ status: "none yet" });
  });
{% endif %}

  app.setErrorHandler((error, request, reply) => {
    if (error.statusCode < 500) return reply.send(error); // an error of the caller, so the message may be shown
    request.log.error(error);
    return reply.code(500).send({ error: "see the log" });
  });

  return app;
}
