# Owner: this service. The template wrote it once and leaves it to you.
import json
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core import serializers
from django.core.management import CommandError, call_command

from courses.models import Course, Enrolment, Learner
from seeds import scenarios

pytestmark = pytest.mark.django_db


def rows() -> str:
    everything = [row for model in (Group, User, Course, Learner, Enrolment) for row in model.objects.order_by("pk")]
    return serializers.serialize("json", everything)


@pytest.mark.parametrize("seed", [scenarios.default, lambda: scenarios.big_tenant(20, 3)])
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
    assert json.loads(last) == {"users": 3, "courses": 4, "learners": 9, "enrolments": 10}


def test_courses_of_the_tenant_take_its_learners_in_turn() -> None:
    scenarios.big_tenant(5, 2)
    assert Enrolment.objects.filter(course__code="onboarding").count() == 3
    assert Enrolment.objects.filter(course__code="onboarding-2").count() == 2


@pytest.mark.parametrize("size", ["0", "-1", "many"])
def test_size_that_makes_no_sense_is_refused(size: str) -> None:
    with pytest.raises(CommandError, match="allowed: a whole number from 1"):
        call_command("seed", "big-tenant", f"--courses={size}")


def test_enrolments_are_spread_over_the_year_before_the_fixed_clock() -> None:
    scenarios.big_tenant(20)
    times = list(Enrolment.objects.values_list("enrolled_at", flat=True))
    assert len(set(times)) > 20
    assert all(scenarios.NOW - scenarios.YEAR < time <= scenarios.NOW for time in times)


def test_refused_where_the_public_url_is_not_local(settings: Any) -> None:
    settings.ENV = replace(settings.ENV, public_url="https://courses.example.org")
    with pytest.raises(CommandError, match="this is courses"):
        call_command("seed", "default")
