"""A copy and a dump of a database of MariaDB hold all that the database holds."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from devenv.base.errors import REFUSED, DevError
from devenv.base.process import Result
from devenv.databases import mysql
from tests.conftest import REPO, until

from .conftest import Local, Server, at, installed, login
from .power import disk, is_possible

# One object of each kind, and what has gone wrong in copies: a 0 in a numbered column, rows against a foreign key, a
# trigger that would act on the copied rows, a view on a view that comes before it, another collation, odd names.
SCHEMA = r"""
CREATE TABLE customers (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) COLLATE utf8mb4_bin NOT NULL,
  initial CHAR(1) AS (LEFT(name, 1)) VIRTUAL, name_length INT AS (CHAR_LENGTH(name)) STORED,
  joined DATE NOT NULL DEFAULT '2024-02-29', photo BLOB, facts JSON, UNIQUE KEY by_name (name), KEY (initial),
  CONSTRAINT named CHECK (name <> '')) AUTO_INCREMENT = 500;
CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, customer INT, total DECIMAL(9, 2),
  at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), note TEXT, FULLTEXT KEY (note),
  CONSTRAINT buyer FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE);
CREATE TABLE `größe``s table` (id INT PRIMARY KEY, `an odd.column` INT) ENGINE=MyISAM COMMENT 'it''s odd';
CREATE TABLE parts (id INT, year INT, PRIMARY KEY (id, year)) PARTITION BY RANGE (year)
  (PARTITION old VALUES LESS THAN (2020), PARTITION new VALUES LESS THAN MAXVALUE);
CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, what TEXT);
CREATE SEQUENCE tickets START WITH 100;
SELECT NEXTVAL(tickets);
CREATE TABLE versions (id INT) WITH SYSTEM VERSIONING;
CREATE TABLE periods (id INT, `from` TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
  `to` TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (`from`, `to`)) WITH SYSTEM VERSIONING;
INSERT INTO versions VALUES (1), (2);
INSERT INTO periods (id) VALUES (1), (2);
UPDATE versions SET id = 3 WHERE id = 1;
UPDATE periods SET id = 3 WHERE id = 1;
DELETE FROM versions WHERE id = 2;
DELETE FROM periods WHERE id = 2;
CREATE TABLE `back\slash` (`a\b` INT);
INSERT INTO `back\slash` VALUES (1);
CREATE TABLE numbered (id INT PRIMARY KEY DEFAULT NEXTVAL(tickets), n INT) COMMENT 'nextval(`a`.`b`)';
INSERT INTO numbered VALUES (7, 1);
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0;
INSERT INTO customers (id, name, joined, photo, facts) VALUES (0, 'Zoë', '0000-00-00', X'00FF0A27', '{"a": 1}');
INSERT INTO customers (id, name) VALUES (1, 'back\\slash\n'), (2, 'ALTER DATABASE `x`'), (3, 'Ærøskøbing');
INSERT INTO orders (id, customer, total, at, note) VALUES (1, 1, 9.99, '2001-02-03 04:05:06.789', 'hello world'),
  (2, 77, 1, '2001-02-03 04:05:06', NULL);
INSERT INTO `größe``s table` VALUES (1, 2);
INSERT INTO parts VALUES (1, 2019), (2, 2025);
DELIMITER //
CREATE FUNCTION twice (n INT) RETURNS INT DETERMINISTIC RETURN 2 * n//
CREATE PROCEDURE tidy (IN n INT) BEGIN DELETE FROM log WHERE id < n; SELECT 'a;b'; END//
CREATE TRIGGER heard AFTER INSERT ON orders FOR EACH ROW BEGIN INSERT INTO log (what) VALUES (NEW.id); END//
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' DISABLE DO DELETE FROM log//
DELIMITER ;
CREATE VIEW z_view AS SELECT id, name FROM customers;
CREATE VIEW a_view AS SELECT name FROM z_view WHERE twice(id) > 1;
"""
OBJECTS = """
SELECT 'database', default_collation_name FROM information_schema.schemata WHERE schema_name = '{0}';
SELECT table_name, table_type, engine, auto_increment, if(table_type = 'SEQUENCE', '', table_collation), create_options,
  table_comment FROM information_schema.tables WHERE table_schema = '{0}' ORDER BY 1;
SELECT table_name, column_name, ordinal_position, replace(column_default, '{0}', 'here'), is_nullable,
  column_type, collation_name, extra, generation_expression FROM information_schema.columns
  WHERE table_schema = '{0}' ORDER BY 1, 3;
SELECT table_name, index_name, non_unique, seq_in_index, column_name, index_type FROM information_schema.statistics
  WHERE table_schema = '{0}' ORDER BY 1, 2, 4;
SELECT table_name, constraint_name, check_clause FROM information_schema.check_constraints
  WHERE constraint_schema = '{0}' ORDER BY 1, 2;
SELECT constraint_name, table_name, referenced_table_name, update_rule, delete_rule
  FROM information_schema.referential_constraints WHERE constraint_schema = '{0}' AND unique_constraint_schema = '{0}';
SELECT table_name, partition_name, partition_description FROM information_schema.partitions
  WHERE table_schema = '{0}' ORDER BY 1, 2;
SELECT table_name, replace(view_definition, '{0}', 'here'), security_type FROM information_schema.views
  WHERE table_schema = '{0}' ORDER BY 1;
SELECT routine_type, routine_name, routine_definition, sql_mode, database_collation FROM information_schema.routines
  WHERE routine_schema = '{0}' ORDER BY 1, 2;
SELECT trigger_name, event_object_table, action_statement, sql_mode FROM information_schema.triggers
  WHERE trigger_schema = '{0}' ORDER BY 1;
SELECT event_name, event_definition, starts, status FROM information_schema.events WHERE event_schema = '{0}';
"""
ROWS = """
SELECT * FROM customers ORDER BY id; SELECT * FROM orders ORDER BY id; SELECT * FROM `größe``s table`;
SELECT * FROM parts ORDER BY id; SELECT * FROM log; SELECT * FROM a_view ORDER BY 1;
SELECT id FROM orders WHERE MATCH (note) AGAINST ('hello'); SELECT next_not_cached_value FROM tickets;
SELECT * FROM numbered; SELECT * FROM `back\\slash`;
SELECT id, row_start, row_end FROM versions FOR SYSTEM_TIME ALL ORDER BY 2, 1;
SELECT * FROM periods FOR SYSTEM_TIME ALL ORDER BY 2, 1;
"""
BY_TRANSACTION = """CREATE TABLE numbers (id INT, a BIGINT UNSIGNED GENERATED ALWAYS AS ROW START,
  b BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (a, b)) WITH SYSTEM VERSIONING;
INSERT INTO numbers (id) VALUES (1), (2); DELETE FROM numbers WHERE id = 2"""


def everything(server: Server, name: str) -> str:
    return server.sql(OBJECTS.format(name)) + server.sql(ROWS, name)


@pytest.fixture
def shop(server: Server) -> Iterator[Server]:
    """A server with the database `shop`; all others but its own are removed afterwards."""
    server.sql("CREATE DATABASE shop COLLATE utf8mb4_unicode_520_ci")
    server.sql(SCHEMA, "shop")
    yield server
    for name in at("").sizes(server):
        at(name).drop(server)


def test_a_copy_is_the_database_under_another_name(shop: Server) -> None:
    before = everything(shop, "shop")
    at("shop_3fa2").copy(shop, "shop")
    assert everything(shop, "shop_3fa2") == before
    assert everything(shop, "shop") == before


def test_a_dump_is_the_database_in_a_file(shop: Server, tmp_path: Path) -> None:
    at("shop").dump(shop, tmp_path / "dump")
    shop.sql("CREATE DATABASE back COLLATE utf8mb4_unicode_520_ci")
    at("back").load(shop, tmp_path / "dump")
    assert everything(shop, "back") == everything(shop, "shop")
    assert [path.name for path in tmp_path.iterdir()] == ["dump"]
    written = (tmp_path / "dump").read_bytes()
    assert b"DEFINER=" not in written
    assert b"UNIQUE_CHECKS" not in written, "rows that are filled in bulk are lost on a full disk"


def test_of_versions_by_transaction_only_the_rows_of_now_are_copied(shop: Server, tmp_path: Path) -> None:
    """Their numbers mean something on one server and for one table only."""
    shop.sql(BY_TRANSACTION, "shop")
    at("copied").copy(shop, "shop")
    at("shop").dump(shop, tmp_path / "dump")
    shop.sql("CREATE DATABASE back")
    at("back").load(shop, tmp_path / "dump")
    for name in ("shop", "copied", "back"):
        assert shop.sql("SELECT id FROM numbers", name) == "1\n"


def test_a_copy_of_a_database_in_use_waits_for_no_transaction(shop: Server) -> None:
    """A person at a breakpoint holds one; `copy` ends such sessions, `drop` too."""
    argv = [*shop.before, *login(), "--unbuffered", "shop"]
    idle = subprocess.Popen(argv, env=shop.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert idle.stdin
    assert idle.stdout
    idle.stdin.write("START TRANSACTION; DELETE FROM log; DELETE FROM parts; SELECT 'open';\n")
    idle.stdin.flush()
    assert idle.stdout.readline() == "open\n"
    start = time.monotonic()
    at("copied").copy(shop, "shop")
    assert time.monotonic() - start < 40  # a transaction would be waited for until it ends, or 50 s for a row
    assert shop.sql("SELECT count(*) FROM parts", "copied") == "2\n"
    idle.communicate()


def test_what_the_server_refuses_is_an_error(shop: Server) -> None:
    with pytest.raises(DevError, match="nothing_there"):
        at("copied").copy(shop, "nothing_there")
    shop.sql("CREATE DATABASE taken; CREATE TABLE taken.rows_of_mine (id INT)")
    with pytest.raises(DevError, match="database exists"):
        at("taken").copy(shop, "shop")
    assert shop.sql("SHOW TABLES", "taken") == "rows_of_mine\n"


def test_a_broken_dump_is_an_error(shop: Server, tmp_path: Path) -> None:
    (tmp_path / "dump").write_text("CREATE TABLE a (id INT);\nNOT SQL;\n")
    at("broken").create(shop)
    with pytest.raises(DevError, match="syntax"):
        at("broken").load(shop, tmp_path / "dump")
    with pytest.raises(DevError, match="nothing_there"):
        at("nothing_there").dump(shop, tmp_path / "another")
    assert not (tmp_path / "another").exists()


def test_the_account_of_the_app_may_use_what_is_made_for_it(shop: Server) -> None:
    shop.sql("CREATE USER me@'%' IDENTIFIED BY 'secret'")
    replace(at("fresh"), guest="me").create(shop)
    replace(at("copied"), guest="me").copy(shop, "shop")
    client = ["env", "MYSQL_PWD=secret", "mariadb", "--skip-ssl", "--user=me", "-e"]
    assert shop.ask("db", [*client, "CREATE TABLE t (id INT)", "fresh"]).code == 0
    assert shop.ask("db", [*client, "SELECT 1 FROM customers", "copied"]).code == 0
    shop.sql("DROP USER me@'%'")


GIVEN = r"""
CREATE USER reader@'%'; CREATE ROLE readers; CREATE USER "o'dd``one"@localhost;
GRANT SELECT, SHOW VIEW ON `my\_shop`.* TO reader@'%' WITH GRANT OPTION;
GRANT SELECT ON my_shop.* TO readers; GRANT CREATE ON my_shop.* TO PUBLIC;
GRANT INSERT, UPDATE ON my_shop.customers TO reader@'%';
GRANT UPDATE (`an odd.column`), SELECT (id) ON my_shop.`größe``s table` TO "o'dd``one"@localhost;
GRANT EXECUTE ON FUNCTION my_shop.twice TO reader@'%';
ALTER DATABASE my_shop COMMENT 'it''s "ours" \\\\ ';
"""
SHOWN = r"""SHOW GRANTS FOR reader@'%'; SHOW GRANTS FOR readers; SHOW GRANTS FOR "o'dd``one"@localhost;
SELECT concat(privilege_type, ' `', table_schema, '`') FROM information_schema.schema_privileges
WHERE grantee LIKE '_PUB%' AND table_schema NOT LIKE 'test%'"""


def test_a_copy_has_the_grants_and_the_comment(shop: Server) -> None:
    at("my_shop").copy(shop, "shop")
    shop.sql(GIVEN)
    before = {line.replace("my\\_shop", "my_shop") for line in shop.sql(SHOWN).splitlines()}
    assert len(before) == 9
    at("copied").copy(shop, "my_shop")
    added = {line for line in shop.sql(SHOWN).splitlines() if "`copied`" in line}
    assert {line.replace("`copied`", "`my_shop`") for line in added} == {line for line in before if "my_shop" in line}
    shown = shop.sql("SHOW CREATE DATABASE my_shop").replace("my_shop", "copied")
    assert "ours" in shown
    assert shop.sql("SHOW CREATE DATABASE copied") == shown
    shop.sql("""DROP USER reader@'%', "o'dd``one"@localhost; DROP ROLE readers;""")


def test_a_prepared_transaction_is_what_a_copy_waits_for(shop: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It outlives its session, so only a person can end it. The copy that was begun is dropped."""
    monkeypatch.setattr(mysql, "FILLING", mysql.FILLING.replace("_timeout = 30", "_timeout = 1"))
    shop.sql("XA START 'by hand'; DELETE FROM parts; XA END 'by hand'; XA PREPARE 'by hand'", "shop")
    with pytest.raises(DevError, match="waits for a prepared transaction: by hand") as caught:
        at("copied").copy(shop, "shop")
    assert caught.value.code == REFUSED
    [hint] = caught.value.hints
    shop.sql(shlex.split(hint)[-1])
    at("copied").drop(shop)
    at("copied").copy(shop, "shop")


def test_a_routine_keeps_the_collation_that_it_was_made_under(shop: Server) -> None:
    """A dump says it by altering its own database for a moment: in a copy that must not be the source."""
    shop.sql("ALTER DATABASE shop COLLATE utf8mb4_bin")
    before = everything(shop, "shop")
    at("copied").copy(shop, "shop")
    assert everything(shop, "copied") == before


def test_an_empty_database_has_a_copy_with_its_collation(shop: Server) -> None:
    shop.sql("CREATE DATABASE nothing COLLATE latin1_bin")
    at("copied").copy(shop, "nothing")
    assert at("copied").is_empty(shop)
    query = "SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = 'copied'"
    assert shop.sql(query) == "latin1_bin\n"


def test_the_image_says_which_dump_program_there_is(tmp_path: Path) -> None:
    seen = []

    class Recorder(Server):
        def pipe(
            self, service: str, argv: Sequence[str], source: Path | None = None, target: Path | None = None
        ) -> Result:
            seen.extend(word for word in argv if word.endswith("dump"))
            (tmp_path / "dump.raw").touch()
            return Result(0, "", "")

        def ask(self, service: str, argv: Sequence[str], stdin: str = "") -> Result:
            return Result(0, "", "")

    for program in ("mariadb", "mysql"):
        replace(at("shop"), program=program).dump(Recorder(), tmp_path / "dump")
    assert seen == ["mariadb-dump", "mysqldump"]


# ---- killed


@pytest.fixture
def big(local: Local) -> Iterator[Local]:
    """A database whose copy takes long enough to be killed in."""
    local.sql("CREATE DATABASE big")
    local.sql("CREATE TABLE small (id INT PRIMARY KEY); INSERT INTO small VALUES (1)", "big")
    table = "CREATE TABLE t{0} (id INT PRIMARY KEY, word CHAR(32), KEY (word));"
    fill = "INSERT INTO t{0} SELECT seq, MD5(seq) FROM seq_1_to_150000;"
    quick = "SET unique_checks = 0, foreign_key_checks = 0;"
    local.sql(quick + "".join((table + fill).format(number) for number in range(3)), "big")
    yield local
    at("big").drop(local)


# How much of a copy is done when it is killed.
SHARES = [0.2, *(pytest.param(share, marks=pytest.mark.slow) for share in (0.05, 0.4))]
CHECKSUM = "CHECKSUM TABLE small, t0, t1, t2; CHECK TABLE small, t0, t1, t2"


@pytest.mark.parametrize("share", SHARES)
def test_a_killed_client_leaves_the_source_whole(big: Local, share: float) -> None:
    before = big.sql(CHECKSUM, "big")
    copier = [sys.executable, "-c", COPIER, str(REPO)]
    started = subprocess.Popen(copier, env=big.env, stderr=subprocess.DEVNULL, start_new_session=True)
    assert until(lambda: written(big, "half") > share * written(big, "big"))
    os.killpg(started.pid, signal.SIGKILL)
    assert started.wait() == -signal.SIGKILL
    assert big.sql(CHECKSUM, "big") == before
    at("half").drop(big)
    assert list(at("").sizes(big)) == ["big"]


@pytest.mark.parametrize("share", SHARES)
def test_a_killed_server_comes_back_with_the_source_whole(big: Local, share: float) -> None:
    before = big.sql(CHECKSUM, "big")
    with ThreadPoolExecutor() as pool:
        copying = pool.submit(at("half").copy, big, "big")
        assert until(lambda: written(big, "half") > share * written(big, "big"))
        big.kill()
        assert isinstance(copying.exception(), DevError)
    big.start()
    assert big.sql(CHECKSUM, "big") == before
    at("half").drop(big)
    at("half").copy(big, "big")
    assert big.sql(CHECKSUM, "half") == before.replace("big.", "half.")
    at("half").drop(big)


@pytest.mark.skipif(not is_possible(), reason="only root with loop devices can make a disk that is full")
def test_a_copy_on_a_full_disk_is_an_error_or_complete(shared: Path, tmp_path: Path) -> None:
    """MariaDB 10.11 fills an empty table in bulk, and may lose its rows there without an error."""
    with disk(tmp_path / "disk") as small, installed(small.folder / "data", shared) as server:
        server.sql("CREATE DATABASE big")
        for number in range(3):
            server.sql(TABLE.format(number), "big")
        before = server.sql(CHECKSUM_OF_THREE, "big")
        for left in (12, 24, 36, 48):
            fill_up(small.folder / "filler", left * 2**20)
            with suppress(DevError):
                at("half").copy(server, "big")
                assert server.sql(CHECKSUM_OF_THREE, "half") == before.replace("big.", "half.")
            (small.folder / "filler").unlink()
            at("half").drop(server)
            assert server.sql(CHECKSUM_OF_THREE, "big") == before
        at("half").copy(server, "big")
        assert server.sql(CHECKSUM_OF_THREE, "half") == before.replace("big.", "half.")


def fill_up(file: Path, left: int) -> None:
    """Leave so many bytes on the disk of this file. File systems keep some for themselves, so it is filled first."""
    size = 0
    with file.open("wb") as filler:
        with suppress(OSError):
            while True:
                os.posix_fallocate(filler.fileno(), size, 2**20)
                size += 2**20
        filler.truncate(size - left)


TABLE = """
SET unique_checks = 0, foreign_key_checks = 0;
CREATE TABLE t{0} (id INT PRIMARY KEY, word CHAR(32), KEY (word));
INSERT INTO t{0} SELECT seq, MD5(seq) FROM seq_1_to_100000;
"""
CHECKSUM_OF_THREE = "CHECKSUM TABLE t0, t1, t2; CHECK TABLE t0, t1, t2"


def written(server: Local, name: str) -> int:
    """The bytes of a database's files."""
    return sum(file.stat().st_size for file in server.home.glob(f"{name}/*.ibd"))


COPIER = """
import sys
sys.path.insert(0, sys.argv[1])
from devenv.base import process
from devenv.databases.mysql import MySQL
from devenv.engines.native.servers.mysql import with_host

class Here:
    def ask(self, service, argv, stdin=""):
        return process.capture(with_host(argv), None, stdin)
    def pipe(self, service, argv, source=None, target=None):
        return process.pipe(argv, None, source, target)

MySQL("db", "mariadb", "root", "half", "development-only").copy(Here(), "big")
"""
