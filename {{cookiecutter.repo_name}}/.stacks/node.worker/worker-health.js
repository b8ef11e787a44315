// Owner: this service. The template wrote it once and leaves it to you.
// The worker's healthcheck: puts a job on the queue and waits until it is done. Exit code 1 if it is not done.
import { openCache } from "./src/cache.js";
import { openQueue, workerAnswers } from "./src/queue.js";
import { readSettings } from "./src/settings.js";

const cache = openCache(readSettings(process.env));
const queue = openQueue(cache);
try {
  process.exitCode = (await workerAnswers(queue, 5000)) ? 0 : 1;
} finally {
  await queue.close();
  cache.disconnect();
}
