// Owner: this service. The template wrote it once and leaves it to you.
// The HTTP server. Its routes are in src/app.js.
import { buildApp } from "./src/app.js";
import { closeServices, openServices } from "./src/services.js";
import { readSettings } from "./src/settings.js";
import { onStop } from "./src/stop.js";

const settings = readSettings(process.env);
const services = openServices(settings);
const app = buildApp(services, settings, { logger: true });

await app.listen({ port: settings.PORT, host: settings.BIND });
process.send?.(app.server.address().port); // to develop.js
onStop(async () => {
  await app.close(); // running requests finish first
  await closeServices(services);
});
