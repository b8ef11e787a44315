# Owner: this service. The template wrote it once and leaves it to you.
import json
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.core.management import CommandError, call_command

from courses.models import Course, Enrolment, Learner
from seeds import scenarios

pytestmark = pytest.mark.django_db


def rows() -> str:
    everything = [row for model in (User, Course, Learner, Enrolment) for row in model.objects.order_by("pk")]
    return serializers.serialize("json", everything)


@pytest.mark.parametrize("seed", [scenarios.default, lambda: scenarios.big_tenant(20)])
def test_second_run_changes_nothing(seed: Any) -> None:
    seed()
    before = rows()
    seed()
    assert rows() == before


def test_seed_mends_a_changed_row() -> None:
    scenarios.default()
    Course.objects.filter(code="welding").update(title="Changed")
    scenarios.default()
    assert Course.objects.get(code="welding").title == scenarios.COURSES["welding"]


def test_last_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seed", "big-tenant", "--learners", "5")
    last = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(last) == {"users": 1, "courses": 4, "learners": 9, "enrolments": 10}


def test_refused_where_the_public_url_is_not_local(settings: Any) -> None:
    settings.ENV = replace(settings.ENV, public_url="https://courses.example.org")
    with pytest.raises(CommandError, match="this is courses"):
        call_command("seed", "default")
