// Owner: this service. The template wrote it once and leaves it to you.
// Jobs: put on the queue by the app, done by the worker (worker.js).
import { Queue, UnrecoverableError, Worker } from "bullmq";

import { makeReport } from "./report.js";

const QUEUE = "jobs";
const JOBS = {
  report: makeReport,
};
// A job that fails is tried again. The queue is in the cache, so finished jobs are removed soon.
const defaultJobOptions = {
  attempts: 3,
  backoff: { type: "exponential", delay: 1000 },
  removeOnComplete: { age: 60, count: 1000 },
  removeOnFail: { age: 3600, count: 1000 },
};

/** Where the app puts jobs: `queue.add("report", data)`. */
export function openQueue(cache) {
  const queue = new Queue(QUEUE, { connection: cache, defaultJobOptions });
  queue.on("error", () => {}); // the cache's client has already logged it
  return queue;
}

/** Takes jobs from the queue until it is closed: several at once, since they mostly wait. */
export function startWorker(services, settings) {
  const { CACHE_HOST: host, CACHE_PORT: port, CACHE_PASSWORD: password, CACHE_DB: db } = settings;
  // A separate connection: the worker waits for jobs in one long command, which must not time out.
  const connection = { host, port, password, db, maxRetriesPerRequest: null };
  const work = (job) => {
    if (!JOBS[job.name]) throw new UnrecoverableError(`no job is named ${job.name}`); // trying again would not help
    return JOBS[job.name](services, job.data);
  };
  const worker = new Worker(QUEUE, work, { connection, concurrency: 5 });
  worker.on("error", (error) => console.error("the worker:", error.message || error.code));
  worker.on("completed", (job) => console.log("done:", job.name, job.id));
  worker.on("failed", (job, error) => console.error("failed:", job?.name, job?.id, error));
  return worker;
}
