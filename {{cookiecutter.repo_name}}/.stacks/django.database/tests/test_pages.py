# Owner: this service. The template wrote it once and leaves it to you.
from unittest import mock

import pytest
from django.db import OperationalError, connection
from django.test import Client

from seeds import scenarios

pytestmark = pytest.mark.django_db


def test_index_lists_courses_with_their_learners(client: Client) -> None:
    scenarios.default()
    assert b"Astronomy for everybody: 3 learners" in client.get("/").content


def test_index_says_when_there_are_no_courses(client: Client) -> None:
    assert b"None yet." in client.get("/").content


def test_api_counts_learners_of_each_course(client: Client) -> None:
    scenarios.default()
    courses = client.get("/api/courses").json()["courses"]
    assert {course["code"]: course["learner_count"] for course in courses} == {
        "astronomy": 3,
        "statistics": 2,
        "welding": 0,
    }


def test_health_asks_the_database(client: Client) -> None:
    assert client.get("/health").status_code == 200


def test_health_is_503_without_a_database(client: Client) -> None:
    with mock.patch.object(connection, "cursor", side_effect=OperationalError("gone")):
        answer = client.get("/health")
    assert (answer.status_code, answer.json()["database"]) == (503, "unreachable")
