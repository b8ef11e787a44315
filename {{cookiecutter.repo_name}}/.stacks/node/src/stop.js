// Owner: this service. The template wrote it once and leaves it to you.
const PATIENCE = 8000; // ms; container engines kill after ten seconds

/** Calls `close` on SIGTERM and Ctrl-C. With nothing left to do Node then ends by itself; what hangs is cut off. */
export function onStop(close) {
  async function stop() {
    setTimeout(() => process.exit(1), PATIENCE).unref();
    await close();
  }
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}
