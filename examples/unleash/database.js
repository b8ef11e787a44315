// The database as Unleash's own variables name it. None has a default here: a command that silently
// took another database would look well and be wrong.
export const database = {
  host: required("DATABASE_HOST"),
  port: Number(required("DATABASE_PORT")),
  database: required("DATABASE_NAME"),
  user: required("DATABASE_USERNAME"),
  password: required("DATABASE_PASSWORD"),
};

export function required(name) {
  if (!process.env[name]) throw new Error(`the environment variable ${name} is not set`);
  return process.env[name];
}
