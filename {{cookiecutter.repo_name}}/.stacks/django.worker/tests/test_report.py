# Owner: this service. The template wrote it once and leaves it to you.
{% if cookiecutter.database != "none" %}
import pytest
{% endif %}
from django.test import Client

from courses.jobs import make_report
{% if cookiecutter.database != "none" %}
from seeds import scenarios

pytestmark = pytest.mark.django_db
{% endif %}


def test_no_report_until_one_was_made(client: Client) -> None:
    assert client.get("/api/report").status_code == 404


def test_the_page_shows_what_the_worker_made(client: Client) -> None:
{% if cookiecutter.database != "none" %}
    scenarios.default()
    make_report()
    assert client.get("/api/report").json() == {"learners": {"astronomy": 3, "statistics": 2, "welding": 0}}
{% else %}
    make_report()
    assert client.get("/api/report").json() == {"courses": 3}
{% endif %}
