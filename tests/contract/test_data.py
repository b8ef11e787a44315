"""DATA: schema and rows."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from conformance.plugin import not_judged
from conformance.sandbox import Sandbox
from conformance.tables import Rows, changes, is_volatile
from conftest import Refusal, Restored, Seen

SHARE = 2  # at most one in two columns may be volatile


@pytest.mark.contract("DATA-1")
def test_migrating_again_changes_nothing(migrated: Seen) -> None:
    """Record each migration in the database, and apply only those that are not recorded."""
    wrong = changes(migrated.before.stable(()), migrated.rows.stable(()))
    assert not wrong, "\n".join(wrong)


@pytest.mark.contract("DATA-2")
def test_dev_up_leaves_seeded_rows(up: Seen, database: str) -> None:
    """Declare `scenarios: default:` in dev.yaml, and let dev.up run it once the schema is there."""
    assert sum(up.rows.counts().values()), "no table has a row"


@pytest.mark.contract("DATA-2")
def test_seeding_again_changes_nothing(seeded: Seen, volatile: list[str]) -> None:
    """Let the seed choose fixed keys, and update or create rows by them instead of inserting."""
    wrong = changes(seeded.before.stable(volatile), seeded.rows.stable(volatile))
    assert not wrong, "\n".join(wrong)


@pytest.mark.contract("DATA-3")
def test_reset_begins_again(up: Seen, was_reset: Seen) -> None:
    """Let dev.reset drop the database (or its schema), migrate, and seed `default`."""
    wrong = changes(up.rows.counts(), was_reset.rows.counts())
    assert not wrong, "\n".join(wrong)


@pytest.mark.contract("DATA-4")
def test_a_reset_leaves_the_same(up: Seen, was_reset: Seen, volatile: list[str]) -> None:
    """Use no random values and no current time in seeds. List columns that must have them under `volatile:` in
    dev.yaml.
    """
    if up.rows.counts() != was_reset.rows.counts():
        not_judged("the numbers of rows differ (DATA-3)")
    assert_same(up.rows, was_reset.rows, volatile)


@pytest.mark.contract("DATA-10")
def test_two_new_databases_hold_the_same(up: Seen, recreated: Rows, volatile: list[str]) -> None:
    """Use no random values and no current time in seeds. Stored data hides this on one machine; another one differs."""
    assert_same(up.rows, recreated, volatile)


def assert_same(first: Rows, second: Rows, volatile: list[str]) -> None:
    wrong = changes(first.stable(volatile), second.stable(volatile))
    assert not wrong, "\n".join(wrong)


@pytest.mark.contract("DATA-5")
def test_nothing_is_pending(sandbox: Sandbox, again: Seen, dev: dict[str, Any], database: str) -> None:
    """Set `commands: pending:` to a command that ends with 0 only if every migration is applied."""
    pending = str((dev.get("commands") or {}).get("pending", ""))
    assert pending, "dev.yaml has no commands.pending"
    done = sandbox.run("dev.run", "--", *shlex.split(pending))
    assert done.ok, str(done)


@pytest.mark.contract("DATA-6")
def test_volatile_hides_little(up: Seen, volatile: list[str], database: str) -> None:
    """List single columns under `volatile:`, and no primary key."""
    wrong = [found for table in up.rows.columns for found in hides(up.rows, table, volatile)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.contract("DATA-7")
def test_a_snapshot_comes_back(restored: Restored) -> None:
    """Let dev.snapshot keep a copy of the whole database, and dev.restore replace the live one with that copy."""
    assert_back(restored)


@pytest.mark.contract("DATA-8")
def test_a_file_comes_back(returned: Restored) -> None:
    """Let dev.snapshot --export write all rows to the file, without references to this machine."""
    assert_back(returned)


def assert_back(seen: Restored) -> None:
    for done in (seen.snapshot, seen.done):
        assert done.ok, str(done)
    wrong = changes(seen.kept.stable(()), seen.rows.stable(()))
    assert not wrong, "\n".join(wrong)


@pytest.mark.contract("DATA-9")
def test_a_damaged_file_is_refused(damaged: list[Refusal]) -> None:
    """Write a checksum into the file, and verify it before you change a row."""
    for seen in damaged:
        assert_refused(seen, 111)


@pytest.mark.contract("DATA-9")
def test_a_file_of_another_service_is_refused(stranger: Refusal) -> None:
    """Write the service's name into the file, and compare it before you change a row."""
    assert_refused(stranger, 114)


def assert_refused(seen: Refusal, code: int) -> None:
    assert seen.done.exit_code != 0, f"dev.restore accepted the file\n{seen.done}"
    assert seen.done.code == code, f"the code is {seen.done.code}\n{seen.done}"
    wrong = changes(seen.before.stable(()), seen.rows.stable(()))
    assert not wrong, "\n".join(wrong)


def hides(found: Rows, table: str, volatile: list[str]) -> list[str]:
    """Which columns of a table are volatile and must not be."""
    hidden = [name for name in found.columns[table] if is_volatile(table, name, volatile)]
    keys = [f"{table}.{name} belongs to the primary key" for name in hidden if name in found.keys.get(table, [])]
    count = len(found.columns[table])
    return keys + ([f"{table}: {len(hidden)} of {count} columns are volatile"] if len(hidden) * SHARE > count else [])
