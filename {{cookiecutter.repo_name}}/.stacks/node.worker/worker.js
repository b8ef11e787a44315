// Owner: this service. The template wrote it once and leaves it to you.
// Runs the jobs of the queue, which are in src/queue.js.
import { startWorker } from "./src/queue.js";
import { closeServices, openServices } from "./src/services.js";
import { readSettings } from "./src/settings.js";
import { onStop } from "./src/stop.js";

const settings = readSettings(process.env);
const services = openServices(settings);
const worker = startWorker(services, settings);
await worker.waitUntilReady();
console.log("waiting for jobs");
onStop(async () => {
  await worker.close(); // running jobs finish first
  await closeServices(services);
});
