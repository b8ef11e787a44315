// Owner: shared. Edit freely: updates are merged in (cruft, three-way).
// Runs this service in development and reloads it after an edit: `node develop.js server.js 0.0.0.0:8000`.
//
// This process holds the port. After each edit it starts another process, which listens on a port that the system
// chooses and reports it. Connections wait here until then, so none is refused and none meets code that is half loaded.
// If the code cannot start, what it printed is the answer until the next edit. Flags of node go first: --inspect=….
// Most of a start is the import of libraries. So from the first edit on, a spare process has imported them (preload.js)
// when the next edit comes. It has none of this service's code.
import { fork } from "node:child_process";
import { existsSync, readdirSync, statSync, watch } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const flags = process.argv.slice(2).filter((word) => word.startsWith("-"));
const [script, address] = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const SUFFIXES = /\.([cm]?js|json)$/;
const OWN_CODE = /^[^/].*\.[cm]?js$/; // the paths of edited libraries are absolute
const IGNORED = /^(\.|node_modules$|tests?$)/;
const SETTLED = 20; // ms without another change: an editor may write a file in several steps
const ACCEPTED = 50; // ms for requests on connections that were handed over just now
const PATIENCE = 8000; // ms that running requests have to finish
const PRELOAD = "./preload.js"; // without it, there is no spare process
const PRINTED = 10000; // characters of what a process printed that are kept for the answer

let child; // {process, port, printed, ended}
let edited = false;
let spare; // the next child, only from the first edit on: it takes memory
let waiting = []; // connections that came while the code was not ready

function launch(...preload) {
  // From version 22 on, Node compiles the libraries once.
  const env = { NODE_COMPILE_CACHE: join(tmpdir(), "node"), ...process.env, PORT: "0", BIND: "127.0.0.1" };
  const stdio = ["ignore", 1, "pipe", "ipc"];
  const started = { printed: "", process: fork(script, { execArgv: [...preload, ...flags], env, stdio }) };
  started.process.stderr.on("data", (text) => {
    process.stderr.write(text);
    started.printed = (started.printed + text).slice(-PRINTED);
  });
  started.process.on("message", (port) => {
    started.port = port;
    if (started === child) ready();
  });
  started.gone = new Promise((resolve) => {
    started.process.on("close", (code, signal) => {
      resolve();
      if (started === spare) spare = undefined;
      if (started !== child) return;
      started.ended = `${script} ended by itself (${signal ?? `exit code ${code}`})`;
      console.error(`develop: ${started.ended}. It starts again after the next edit.`);
      ready();
    });
  });
  return started;
}

/** Something answers: the code, or why it cannot start. */
function ready() {
  waiting.splice(0).forEach(serve);
  const wanted = edited && existsSync(PRELOAD) && !flags.length; // a debugger's port is that of one process
  if (wanted) spare ??= launch(`--import=${PRELOAD}`);
}

function start() {
  child = spare ?? launch();
  spare?.process.send("the code may be loaded", () => {});
  spare = undefined;
}

function discardSpare() {
  spare?.process.kill("SIGKILL"); // it has begun nothing
  spare = undefined;
}

/** Ends a process: it finishes the running requests first. */
async function end({ process: old, gone }) {
  await sleep(ACCEPTED);
  old.kill("SIGTERM");
  const timer = setTimeout(() => old.kill("SIGKILL"), PATIENCE);
  await gone;
  clearTimeout(timer);
}

function serve(client) {
  if (child.ended) return refuse(client);
  if (!child.port) return waiting.push(client.on("error", () => {}));
  const server = connect({ port: child.port, host: "127.0.0.1", allowHalfOpen: true });
  client.pipe(server).pipe(client);
  for (const [one, other] of [[client, server], [server, client]]) one.on("error", () => other.destroy());
}

function refuse(client) {
  const body = `${child.printed}\n${child.ended}\n`;
  const head = ["HTTP/1.1 500 Internal Server Error", "Content-Type: text/plain; charset=utf-8", "Connection: close"];
  client.on("error", () => {});
  client.once("data", () => client.end([...head, `Content-Length: ${Buffer.byteLength(body)}`, "", body].join("\r\n")));
  client.resume();
}

/** The files of this repository with their times, and a watcher for each folder. Also of libraries that dev.edit chose. */
const libraries = (process.env.DEV_LIBRARIES ?? "").split(delimiter).filter(Boolean);
const all = () => libraries.reduce((found, folder) => scan(folder, found), scan());
const watchers = new Map();
function scan(folder = ".", found = new Map()) {
  // Watched before it is listed: a file that is created meanwhile is found or reported.
  if (!watchers.has(folder)) {
    const watcher = watch(folder, changed);
    watcher.on("error", () => watchers.delete(folder)); // it was removed
    watchers.set(folder, watcher);
  }
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    try {
      if (entry.isDirectory() && !IGNORED.test(entry.name)) scan(path, found);
      else if (SUFFIXES.test(entry.name)) found.set(path, `${statSync(path).mtimeMs} ${statSync(path).size}`);
    } catch {
      // It was removed meanwhile.
    }
  }
  return found;
}

let timer;
function changed() {
  clearTimeout(timer);
  timer = setTimeout(reload, SETTLED);
}

let files = all();
let reloading = false;
async function reload() {
  if (reloading) return;
  const before = files;
  files = all();
  const different = [...new Set([...before.keys(), ...files.keys()])].filter((f) => before.get(f) !== files.get(f));
  if (!different.length) return;
  console.error(`develop: reloading after ${different.slice(0, 3).join(", ")}${different[3] ? " and others" : ""}`);
  if (!different.every((file) => OWN_CODE.test(file))) discardSpare(); // it may have imported a library as it was
  edited = true;
  const old = child;
  child = {}; // connections wait
  const left = end(old);
  if (flags.length) {
    reloading = true; // two processes cannot have the same port for the debugger
    await left;
    reloading = false;
    changed(); // an edit meanwhile
  }
  start();
}

start();
const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true }, serve);
listener.listen({ host: address.replace(/:\d+$/, ""), port: Number(address.match(/\d+$/)[0]) });
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, async () => {
    const last = child;
    child = {};
    discardSpare();
    listener.close();
    if (last.process) await end(last);
    process.exit();
  });
}
