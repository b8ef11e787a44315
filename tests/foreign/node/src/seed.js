// Seeds a scenario and prints one JSON object: seed.js [SCENARIO] [-p NAME=VALUE]…
// With --first it leaves a database alone that was seeded before: dev.up must not bring back what somebody deleted.
import { parseArgs } from 'node:util';
import { addPoll, program } from './db.js';

const defaults = { default: {}, poll: { slug: 'lunch', question: 'Where do we eat?' } };
const run = {
  async default(client) {
    await addPoll(client, 'drink', 'Tea or coffee?', { Coffee: 3, Tea: 5 });
    await addPoll(client, 'indent', 'Tabs or spaces?', { Spaces: 2, Tabs: 2 });
    return { polls: ['drink', 'indent'] };
  },
  async poll(client, { slug, question }) {
    await addPoll(client, slug, question, { No: 0, Yes: 0 });
    return { slug, url: `${process.env.PUBLIC_URL}/#${encodeURIComponent(slug)}` };
  },
};

/** Reads the command line; where it makes no sense, the exit code is 2. */
function commandLine() {
  try {
    const options = { param: { type: 'string', short: 'p', multiple: true, default: [] }, first: { type: 'boolean' } };
    const { values, positionals: [name = 'default', ...more] } = parseArgs({ options, allowPositionals: true });
    if (more.length || !Object.hasOwn(run, name)) throw new Error(`one scenario of: ${Object.keys(run).join(', ')}`);
    const given = Object.fromEntries(values.param.map((word) => word.split(/=(.*)/s)));
    const unknown = Object.keys(given).filter((key) => !Object.hasOwn(defaults[name], key));
    if (unknown.length) throw new Error(`scenario ${name} has no parameter ${unknown.join(', ')}`);
    return { name, params: { ...defaults[name], ...given }, first: values.first };
  } catch (error) {
    throw Object.assign(error, { exitCode: 2 });
  }
}

program(async (client) => {
  const { name, params, first } = commandLine();
  if (first) {
    const { rowCount } = await client.query(`INSERT INTO setup VALUES ($1, 'seed') ON CONFLICT DO NOTHING`, [name]);
    if (!rowCount) return;
  }
  console.log(JSON.stringify(await run[name](client, params)));
});
