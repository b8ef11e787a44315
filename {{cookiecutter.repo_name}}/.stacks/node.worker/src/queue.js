// Owner: this service. The template wrote it once and leaves it to you.
// Jobs: put on the queue by the app, done by the worker (worker.js).
import { Queue, QueueEvents, Worker } from "bullmq";

import { makeReport } from "./report.js";

const QUEUE = "jobs";
const JOBS = {
  report: makeReport,
  ping: async () => "pong", // the worker's healthcheck
};
// A job that fails is tried again. The queue lies in the cache, so only a few that are over are kept.
const defaultJobOptions = {
  attempts: 3,
  backoff: { type: "exponential", delay: 1000 },
  removeOnComplete: { count: 10 },
  removeOnFail: { count: 10 },
};

/** Where the app puts jobs: `queue.add("report", data)`. */
export function openQueue(cache) {
  const queue = new Queue(QUEUE, { connection: cache, defaultJobOptions });
  queue.on("error", () => {}); // the cache's client has said it already
  return queue;
}

/** Takes jobs from the queue until it is closed: several at once, since they mostly wait. */
export function startWorker(services, settings) {
  const work = (job) => JOBS[job.name](services, job.data);
  const worker = new Worker(QUEUE, work, { connection: ownConnection(settings), concurrency: 5 });
  worker.on("error", (error) => console.error("the worker:", error.message || error.code));
  worker.on("completed", (job) => console.log("done:", job.name, job.id));
  worker.on("failed", (job, error) => console.error("failed:", job?.name, job?.id, error));
  return worker;
}

/** What tells when a job is over. */
export function openQueueEvents(settings) {
  return new QueueEvents(QUEUE, { connection: ownConnection(settings) });
}

/** Both wait for news in one long command, which neither others' commands nor a timeout may disturb. */
function ownConnection({ CACHE_HOST: host, CACHE_PORT: port, CACHE_DB: db }) {
  return { host, port, db, maxRetriesPerRequest: null };
}
