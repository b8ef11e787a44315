// The web server: `/` shows the polls, `/health` asks the database.
import { createServer } from 'node:http';
import { polls, pool } from './db.js';

const text = (value) => String(value).replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
const list = (choices) => Object.entries(choices).map(([label, votes]) => `<li>${text(label)}: ${votes}</li>`).join('');

async function page() {
  const sections = (await polls()).map(({ slug, question, choices }) =>
    `<h2 id="${text(slug)}">${text(question)}</h2><ul>${list(choices)}</ul>\n`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Polls</title><h1>Polls</h1>\n${sections.join('')}</html>\n`;
}

const routes = { '/': page, '/health': async () => (await pool.query(`SELECT 'ok' AS word`)).rows[0].word };

createServer(async (request, response) => {
  let answer = [404, 'not found'];
  try {
    if (Object.hasOwn(routes, request.url)) answer = [200, await routes[request.url]()];
  } catch (error) {
    console.error(error);
    answer = [500, 'error'];
  }
  if (request.url !== '/health') console.log(`${request.method} ${request.url} ${answer[0]}`);
  response.writeHead(answer[0], { 'content-type': 'text/html; charset=utf-8' }).end(answer[1]);
}).listen(process.env.PORT);
