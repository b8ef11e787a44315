// Owner: this service. The template wrote it once and leaves it to you.

/** Nobody wants invented learners among real ones, nor real ones without their names. */
export function refuseOutsideDevelopment({ PUBLIC_URL }) {
  const host = new URL(PUBLIC_URL).hostname;
  if (host !== "localhost" && !host.endsWith(".localhost"))
    fail(`seeds and scrub are for development; PUBLIC_URL says that this is ${host}`);
}

export function fail(message) {
  console.error(message);
  process.exit(2);
}
