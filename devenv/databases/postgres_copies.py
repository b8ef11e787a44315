"""PostgreSQL: in SQL, what a copy by TEMPLATE lacks, and what keeps a database from being copied or renamed."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence

from devenv.base.errors import REFUSED, DevError
from devenv.databases.database import literal

# From this size on, copying files is faster than writing each page to the log, although the server then first writes
# all that has changed to the disk. Measured: 60 MB are equal; 230 MB take half the time, 560 MB an eighth with clones.
LARGE = 100 * 2**20
NOT_CLONED = "could not clone file"  # how a server reports that its file system cannot share blocks
STRATEGY = " :strategy"  # what the client fills in; see `made`
SIGN = "devenv: in use: "
FOUND = rf"(?m){SIGN}(\[.*\])$"


def made(source: str, target: str, owner: str, clones: bool) -> list[str]:
    """Statements that create a copy. `clones`: the files of a large one share their blocks if the server can do that.

    PostgreSQL 15 and later have strategies, 18 and later clones.
    """
    large = f"current_setting('server_version_num')::int >= 150000 AND pg_database_size({literal(source)}) > {LARGE}"
    can = "FROM pg_settings WHERE name = 'file_copy_method' AND 'clone' = ANY (enumvals)"
    copy = f"CREATE DATABASE {identifier(target)} TEMPLATE {identifier(source)} OWNER {identifier(owner)}"
    return [
        *([f"SELECT 'SET file_copy_method = clone' {can} \\gexec"] if clones else []),
        f"SELECT CASE WHEN {large} THEN 'STRATEGY file_copy' ELSE '' END AS strategy \\gset",
        f"{copy}{STRATEGY};",
    ]


def settings(source: str, target: str) -> list[str]:
    """Statements that give a copy the owner, the limit, the comment, the settings and the grants of its source."""
    old, new = (f"(SELECT oid FROM pg_database WHERE datname = {literal(name)})" for name in (source, target))
    name = literal(identifier(target))
    own = ", ".join(
        (
            f"format('ALTER DATABASE %s OWNER TO %I', {name}, pg_get_userbyid(datdba))",
            f"format('ALTER DATABASE %s CONNECTION LIMIT %s', {name}, datconnlimit)",
            f"format('COMMENT ON DATABASE %s IS %L', {name}, shobj_description(oid, 'pg_database'))",
        )
    )
    # The catalogue itself, since a list such as search_path would need quotes of its own in ALTER DATABASE.
    kept = (
        "INSERT INTO pg_catalog.pg_db_role_setting (setdatabase, setrole, setconfig)"
        f" SELECT {new}, setrole, setconfig FROM pg_db_role_setting WHERE setdatabase = {old};"
    )
    who = "CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END"
    option = "CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END"
    given = f"FROM pg_database, aclexplode(datacl) WHERE datname = {literal(source)}"
    revoke = f"SELECT 'REVOKE ALL ON DATABASE ' || {name} || ' FROM PUBLIC' FROM pg_database WHERE datname ="
    grant = f"SELECT format('GRANT %s ON DATABASE %s TO %s%s', privilege_type, {name}, {who}, {option}) {given}"
    return [
        f"SELECT {own} FROM pg_database WHERE datname = {literal(source)} \\gexec",
        kept,
        f"{revoke} {literal(source)} AND datacl IS NOT NULL \\gexec",
        f"{grant} \\gexec",
    ]


def check(copied: Sequence[str], moved: Sequence[str]) -> str:
    """A statement that fails if a database cannot be copied, or should not be renamed; see `refused`.

    The server refuses both while a transaction is prepared. It would rename under a client that reads a replication
    slot, which then reads of data that is not live; and it would never drop a database that has a subscription.
    """
    both, own = (", ".join(map(literal, names)) for names in ([*copied, *moved], moved))
    rows = (
        "SELECT 'the prepared transaction ' || gid, format('ROLLBACK PREPARED %L', gid), ''"
        f" FROM pg_prepared_xacts WHERE database IN ({both})"
    )
    if moved:
        rows += (
            " UNION ALL SELECT 'the replication slot ' || slot_name, '', 'stop the client that reads it'"
            f" FROM pg_replication_slots WHERE active AND database IN ({own})"
            " UNION ALL SELECT 'the subscription ' || subname, format('DROP SUBSCRIPTION %I', subname), ''"
            f" FROM pg_subscription JOIN pg_database ON pg_database.oid = subdbid WHERE datname IN ({own})"
        )
    return (
        "DO $devenv$ DECLARE found text; BEGIN"
        f" SELECT jsonb_agg(jsonb_build_array(what, sql, hint)) INTO found FROM ({rows}) AS each(what, sql, hint);"
        f" IF found IS NOT NULL THEN RAISE EXCEPTION '{SIGN}%', found; END IF; END $devenv$;"
    )


def refused(service: str, said: str, admin: str) -> DevError | None:
    """The error 114 that explains what `check` found, from what the client said; None if it found nothing.

    `admin`: the account that may end it, if that is not the app's.
    """
    found = re.search(FOUND, said)
    if not found:
        return None
    things = json.loads(found[1])
    what = ", ".join(thing for thing, _, _ in things)
    login = f"--username {shlex.quote(admin)} " if admin else ""
    ways = [hint or f"inv dev.dbshell -- {login}-c {shlex.quote(sql)}" for _, sql, hint in things]
    return DevError(REFUSED, f"{service}: its database is in use by {what}", *ways)


def identifier(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'
