# Owner: the template. Do not edit: updates replace this file.
"""The tables in which migration tools note what they applied."""

from __future__ import annotations

TABLES = frozenset(
    {
        "_prisma_migrations",
        "__drizzle_migrations",
        "__efmigrationshistory",
        "alembic_version",
        "ar_internal_metadata",
        "databasechangelog",
        "databasechangeloglock",
        "django_migrations",
        "doctrine_migration_versions",
        "flyway_schema_history",
        "goose_db_version",
        "gorp_migrations",
        "knex_migrations",
        "knex_migrations_lock",
        "mikro_orm_migrations",
        "migrations",
        "migrations_lock",
        "phinxlog",
        "pgmigrations",
        "schema_migrations",
        "sequelizemeta",
        "typeorm_migrations",
        "umzug_migrations",
    }
)


def among(names: list[str]) -> list[str]:
    """Those that are such tables; a name may have its schema in front."""
    return [name for name in names if name.rpartition(".")[2].lower() in TABLES]
