// Owner: this service. The template wrote it once and leaves it to you.
// Whether the service can work. One check for each service that it needs.

{% if cookiecutter.database == "none" and cookiecutter.cache == "none" %}
const CHECKS = {}; // name: (services) => a promise that is rejected if it does not answer
{% else %}
const CHECKS = {
{% if cookiecutter.database != "none" %}
  database: ({ database }) => database.raw("SELECT 1").timeout(2000),
{% endif %}
{% if cookiecutter.cache != "none" %}
  cache: ({ cache }) => cache.ping(),
{% endif %}
};
{% endif %}

/** What /health says: 200 when all of them answer, else 503. The reason goes to the log: strangers may read the page. */
export async function health(services, log) {
  const body = { status: "ok" };
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      await check(services);
      body[name] = "ok";
    } catch (error) {
      log.error(`the ${name} does not answer: ${error.message}`);
      body[name] = "unreachable";
      body.status = "error";
    }
  }
  return { code: body.status === "ok" ? 200 : 503, body };
}
