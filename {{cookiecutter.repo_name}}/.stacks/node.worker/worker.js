// Owner: this service. The template wrote it once and leaves it to you.
// Runs the jobs of the queue, which are in src/queue.js.
import { rmSync, writeFileSync } from "node:fs";

import { startWorker } from "./src/queue.js";
import { closeServices, openServices } from "./src/services.js";
import { readSettings } from "./src/settings.js";
import { onStop } from "./src/stop.js";

const settings = readSettings(process.env);
const services = openServices(settings);
const worker = startWorker(services, settings);
await worker.waitUntilReady();
console.log("waiting for jobs");

/** Touches the file that the worker's healthcheck looks at, while the worker takes jobs and the queue answers. */
async function beat() {
  const answers = await services.cache.ping().catch(() => false); // it has logged why not
  const well = answers && worker.isRunning();
  if (well) writeFileSync(settings.HEARTBEAT, "");
  else rmSync(settings.HEARTBEAT, { force: true });
  next = setTimeout(beat, well ? 20_000 : 1000).unref(); // soon after a failure, or a start would take 20 seconds more
}
let next;
if (settings.HEARTBEAT) await beat();

onStop(async () => {
  clearTimeout(next);
  if (settings.HEARTBEAT) rmSync(settings.HEARTBEAT, { force: true });
  await worker.close(); // running jobs finish first
  await closeServices(services);
});
