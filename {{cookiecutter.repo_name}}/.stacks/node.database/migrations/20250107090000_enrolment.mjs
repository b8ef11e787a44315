// Owner: this service. The template wrote it once and leaves it to you.

export async function up(knex) {
  await knex.schema.createTable("enrolment", (table) => {
    table.integer("course_id").unsigned().notNullable().references("course.id").onDelete("CASCADE");
    table.integer("learner_id").unsigned().notNullable().references("learner.id").onDelete("CASCADE");
    table.datetime("enrolled_at").notNullable().defaultTo(knex.fn.now());
    table.primary(["course_id", "learner_id"]);
    table.index("learner_id"); // the key finds by course only
  });
}

export async function down(knex) {
  await knex.schema.dropTable("enrolment");
}
