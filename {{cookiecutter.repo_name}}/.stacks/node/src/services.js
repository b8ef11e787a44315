// Owner: this service. The template wrote it once and leaves it to you.
{% if cookiecutter.database == "none" and cookiecutter.cache == "none" %}
// The services that the code uses, opened once for each process: none yet. Add a database, a queue, … here.

export function openServices() {
  return {};
}

export async function closeServices() {}
{% else %}
// The services that the code uses, opened once for each process and passed on.
{% if cookiecutter.cache != "none" %}
import { openCache } from "./cache.js";
{% endif %}
{% if cookiecutter.database != "none" %}
import { openDatabase } from "./database.js";
{% endif %}
{% if cookiecutter.worker != "none" %}
import { openQueue } from "./queue.js";
{% endif %}

/** Nothing is connected yet: each connects when it is first asked. */
export function openServices(settings) {
{% if cookiecutter.cache != "none" %}
  const cache = openCache(settings);
{% endif %}
  return {
{% if cookiecutter.database != "none" %}
    database: openDatabase(settings),
{% endif %}
{% if cookiecutter.cache != "none" %}
    cache,
{% endif %}
{% if cookiecutter.worker != "none" %}
    queue: openQueue(cache),
{% endif %}
  };
}

export async function closeServices(services) {
{% if cookiecutter.worker != "none" %}
  await services.queue.close();
{% endif %}
{% if cookiecutter.cache != "none" %}
  services.cache.disconnect();
{% endif %}
{% if cookiecutter.database != "none" %}
  await services.database.destroy();
{% endif %}
}
{% endif %}
