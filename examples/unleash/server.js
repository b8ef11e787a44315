// Unleash reads DATABASE_*, HTTP_*, INIT_* and the rest from the environment by itself; see compose.yaml.
import { start } from "unleash-server";

// /ready asks the database then; /health would call a server healthy that cannot answer anybody.
await start({ checkDbOnReady: true });
