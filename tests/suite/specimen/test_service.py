"""That the database is there."""

import unittest

import service


class Rows(unittest.TestCase):
    def test_the_seed_is_there(self):
        with service.database() as db:
            assert db.execute("SELECT count(*) FROM notes").fetchone() == (2,)
