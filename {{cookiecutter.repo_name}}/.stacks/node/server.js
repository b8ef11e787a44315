// Owner: this service. The template wrote it once and leaves it to you.
// The HTTP server. What it answers stands in src/app.js.
import { buildApp } from "./src/app.js";
import { closeServices, openServices } from "./src/services.js";
import { readSettings } from "./src/settings.js";
import { onStop } from "./src/stop.js";

const settings = readSettings(process.env);
const services = openServices(settings);
const app = buildApp(services, { logger: true });

await app.listen({ port: settings.PORT, host: settings.BIND });
onStop(async () => {
  await app.close(); // requests that are under way get their answers first
  await closeServices(services);
});
