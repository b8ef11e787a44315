// Owner: this service. The template wrote it once and leaves it to you.

export async function up(knex) {
  await knex.schema.createTable("course", (table) => {
    table.increments("id");
    table.string("code", 50).notNullable().unique();
    table.string("title", 200).notNullable();
  });
  await knex.schema.createTable("learner", (table) => {
    table.increments("id");
    table.string("email", 254).notNullable().unique();
    table.string("name", 200).notNullable();
  });
}

export async function down(knex) {
  await knex.schema.dropTable("learner");
  await knex.schema.dropTable("course");
}
