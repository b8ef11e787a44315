"""Recognises the tables in which migration tools keep their records, by name and columns.

Their rows say which migrations a database has. They are the only rows that are ever dumped from production.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# The name without its schema, in lower case → columns that it must have. Versions of the tool may add others.
KNOWN = {
    "django_migrations": "app name applied",
    "alembic_version": "version_num",
    "knex_migrations": "name batch migration_time",
    "knex_migrations_lock": "is_locked",
    "ar_internal_metadata": "key value created_at",  # Rails
    "_sqlx_migrations": "version checksum success",
    "flyway_schema_history": "installed_rank version script checksum success",
    "databasechangelog": "id author filename md5sum orderexecuted",  # Liquibase
    "databasechangeloglock": "locked lockgranted lockedby",
    "_prisma_migrations": "migration_name checksum finished_at",
    "pgmigrations": "name run_on",  # node-pg-migrate
    "mikro_orm_migrations": "name executed_at",
    "kysely_migration": "name timestamp",
    "kysely_migration_lock": "is_locked",
    "__drizzle_migrations": "hash created_at",
    "goose_db_version": "version_id is_applied",
    "doctrine_migration_versions": "version executed_at",
    "phinxlog": "version migration_name start_time",
    "__efmigrationshistory": "migrationid productversion",
    "_yoyo_migration": "migration_hash migration_id",
    "_yoyo_version": "version installed_at_utc",
    "atlas_schema_revisions": "version applied total",
}
# Common names, which other tables may have too: these must have exactly one of these sets of columns.
EXACT = {
    "schema_migrations": ("version", "version dirty", "version inserted_at"),  # Rails and dbmate; golang-migrate; Ecto
    "migrations": ("id name run_on", "id timestamp name", "id migration batch"),  # db-migrate; TypeORM; Laravel
    "sequelizemeta": ("name",),
}


def tables(columns: Mapping[str, Iterable[str]]) -> list[str]:
    """The tables that are such records. `columns`: name of the table, with or without a schema → its columns."""
    return sorted(table for table, names in columns.items() if _is_record(table, {name.lower() for name in names}))


def _is_record(table: str, columns: set[str]) -> bool:
    name = table.rpartition(".")[2].lower()
    if name in KNOWN:
        return set(KNOWN[name].split()) <= columns
    return any(columns == set(exact.split()) for exact in EXACT.get(name, ()))
