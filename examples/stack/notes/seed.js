// The data scenario: run twice, it leaves the same rows. The last line on stdout is one JSON object.
import { pool } from "./db.js";

const NOTES = {
  lms: "Everybody is welcome here.",
  shop: "Open around the clock.",
  welcome: "Notes are short.",
};

for (const note of Object.entries(NOTES)) {
  await pool.query("INSERT INTO note VALUES ($1, $2) ON CONFLICT (slug) DO UPDATE SET text = excluded.text", note);
}
const { rows } = await pool.query("SELECT count(*)::int AS notes FROM note");
console.log(JSON.stringify(rows[0]));
await pool.end();
