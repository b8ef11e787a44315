// Unleash reads DATABASE_*, HTTP_*, INIT_* and the rest from the environment by itself; see compose.yaml.
import { start } from "unleash-server";

// /ready asks the database then; /health would call a server healthy that cannot answer anybody.
await start({ checkDbOnReady: true, preHook: (app) => app.use(refuseOthers) });

// Under any other name it would answer to the page of a stranger, whose name can resolve to 127.0.0.1 (DNS rebinding).
function refuseOthers(request, response, next) {
  const hosts = [new URL(process.env.UNLEASH_URL).hostname, "unleash.localhost", "unleash", "localhost", "127.0.0.1"];
  if (hosts.includes(request.headers.host?.replace(/:\d+$/, ""))) next();
  else response.status(400).json({ error: "unknown host" });
}
