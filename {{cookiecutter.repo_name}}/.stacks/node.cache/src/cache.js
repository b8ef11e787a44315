// Owner: this service. The template wrote it once and leaves it to you.
import { Redis } from "ioredis";

/** The cache's client. It fails soon where the cache does not answer, and connects again by itself. */
export function openCache(settings) {
  const cache = new Redis({
    host: settings.CACHE_HOST,
    port: settings.CACHE_PORT,
    password: settings.CACHE_PASSWORD,
    db: settings.CACHE_DB,
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    commandTimeout: 1000,
  });
  // Without a listener, Redis's client prints a stack trace for each attempt to connect.
  cache.on("error", (error) => console.error("the cache does not answer:", error.message || error.code));
  return cache;
}
{% if cookiecutter.database != "none" %}

/** What `make` returns, kept for `seconds` under `key`. A cache that does not answer is passed over. */
export async function remember(cache, key, seconds, make) {
  const kept = await cache.get(key).catch(() => null);
  if (kept) return JSON.parse(kept);
  const made = await make();
  await cache.set(key, JSON.stringify(made), "EX", seconds).catch(() => {});
  return made;
}
{% endif %}
