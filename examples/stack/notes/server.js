// The HTTP server: JSON out, a line per request in the log.
import { createServer } from "node:http";
import { answer } from "./app.js";
import { pool } from "./db.js";

const server = createServer(async (request, response) => {
  const [status, body] = await answer(new URL(request.url, "http://notes").pathname).catch(failed);
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
