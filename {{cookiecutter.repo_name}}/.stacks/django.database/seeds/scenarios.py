# Owner: this service. The template wrote it once and leaves it to you.
"""Deterministic: no clock, no chance. Idempotent: rows are found by their natural key and mended."""

from datetime import UTC, datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User

from courses.models import Course, Enrolment, Learner

NOW = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)

COURSES = {
    "astronomy": "Astronomy for everybody",
    "statistics": "Statistics with a pencil",
    "welding": "Welding, an introduction",
}
LEARNERS = {"ada": "Ada", "emil": "Emil", "grace": "Grace", "noor": "Noor"}
ENROLMENTS = {"astronomy": ["ada", "emil", "grace"], "statistics": ["ada", "noor"]}


def default() -> dict[str, int]:
    seed_admin()
    for code, title in COURSES.items():
        Course.objects.update_or_create(code=code, defaults={"title": title})
    for nick, name in LEARNERS.items():
        Learner.objects.update_or_create(email=f"{nick}@example.org", defaults={"name": name})
    for code, nicks in ENROLMENTS.items():
        enrol(code, [f"{nick}@example.org" for nick in nicks])
    return count_rows()


def big_tenant(learners: int) -> dict[str, int]:
    default()
    Course.objects.update_or_create(code="onboarding", defaults={"title": "Onboarding at Big Tenant"})
    emails = [f"learner-{number:06}@big-tenant.example.org" for number in range(learners)]
    Learner.objects.bulk_create(
        [Learner(email=email, name=f"Learner {number}") for number, email in enumerate(emails)],
        ignore_conflicts=True,
    )
    enrol("onboarding", emails)
    return count_rows()


def enrol(code: str, emails: list[str]) -> None:
    course = Course.objects.get(code=code)
    learners = Learner.objects.filter(email__in=emails)
    Enrolment.objects.bulk_create(
        [Enrolment(course=course, learner=learner, enrolled_at=NOW) for learner in learners],
        ignore_conflicts=True,
    )


def seed_admin() -> None:
    """admin/admin. The fixed salt makes the same row everywhere; the lambda hashes for a new row only."""
    User.objects.get_or_create(
        username="admin",
        defaults={
            "email": "admin@example.org",
            "is_staff": True,
            "is_superuser": True,
            "date_joined": NOW,
            "password": lambda: make_password("admin", salt="development"),
        },
    )


def count_rows() -> dict[str, int]:
    return {
        "users": User.objects.count(),
        "courses": Course.objects.count(),
        "learners": Learner.objects.count(),
        "enrolments": Enrolment.objects.count(),
    }
