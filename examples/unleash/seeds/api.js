// Unleash's admin API, as this service's seeds and tests use it.
import { required } from "../database.js";

const url = required("UNLEASH_URL");
const token = required("INIT_ADMIN_API_TOKENS");

// The answer's status and JSON. Statuses in `expected` are answers; any other one is an error.
export async function call(method, path, body, expected = [200, 201]) {
  const answer = await fetch(`${url}/api/${path}`, {
    method,
    headers: { Authorization: token, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (!expected.includes(answer.status)) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return { status: answer.status, json: text && answer.status < 300 ? JSON.parse(text) : null };
}
