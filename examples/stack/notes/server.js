// The HTTP server: JSON out, a line per request in the log.
import { createServer } from "node:http";
import { answer } from "./app.js";
import { pool } from "./db.js";

// Under any other name it would answer to the page of a stranger, whose name can resolve to 127.0.0.1 (DNS rebinding).
const HOSTS = ["notes", "notes.localhost", "localhost", "127.0.0.1"];

const server = createServer(async (request, response) => {
  const known = HOSTS.includes(request.headers.host?.replace(/:\d+$/, ""));
  const [status, body] = known ? await answer(new URL(request.url, "http://notes").pathname).catch(failed) : [400, { error: "unknown host" }];
  console.log(request.method, request.url, status);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
});

server.listen(process.env.PORT, process.env.BIND ?? "0.0.0.0", () => console.log("listening on", server.address().port));
process.on("SIGTERM", stop);
process.on("SIGINT", stop);

function failed(error) {
  console.error(error);
  return [500, { error: "see the log" }];
}

function stop() {
  server.close(() => pool.end());
  server.closeAllConnections();
}
