// The routes, as data: a path's pattern and what answers it with [status, body].
import { pool } from "./db.js";

const ROUTES = [
  [/^\/health$/, health],
  [/^\/$|^\/notes$/, list],
  [/^\/notes\/([a-z-]+)$/, one],
];

export async function answer(path) {
  for (const [pattern, handler] of ROUTES) {
    const match = pattern.exec(path);
    if (match) return handler(...match.slice(1));
  }
  return [404, { error: `nothing is at ${path}` }];
}

async function health() {
  try {
    await pool.query("SELECT 1");
    return [200, { status: "ok", database: "ok" }];
  } catch (error) {
    // The reason goes to the log: strangers may read the page.
    console.error("the database does not answer:", error.message);
    return [503, { status: "error", database: "unreachable" }];
  }
}

async function list() {
  const { rows } = await pool.query("SELECT slug, text FROM note ORDER BY slug");
  return [200, { notes: rows }];
}

async function one(slug) {
  const { rows } = await pool.query("SELECT slug, text FROM note WHERE slug = $1", [slug]);
  return rows.length ? [200, rows[0]] : [404, { error: `no note ${slug}` }];
}
