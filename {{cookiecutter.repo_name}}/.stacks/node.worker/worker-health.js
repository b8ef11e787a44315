// Owner: this service. The template wrote it once and leaves it to you.
// The worker's healthcheck: puts a job on the queue and waits until it is done. Exit code 1 when nobody takes it.
import { openQueueEvents } from "./src/queue.js";
import { closeServices, openServices } from "./src/services.js";
import { readSettings } from "./src/settings.js";

const settings = readSettings(process.env);
const services = openServices(settings);
const events = openQueueEvents(settings);
let job;
try {
  await events.waitUntilReady();
  job = await services.queue.add("ping", {});
  await job.waitUntilFinished(events, 5000);
} catch (error) {
  console.error("the worker does not answer:", error.message);
  await job?.remove().catch(() => {}); // a worker that comes back later has better things to do
  process.exitCode = 1;
} finally {
  await events.close();
  await closeServices(services);
}
