# Owner: this service. The template wrote it once and leaves it to you.
"""Deterministic: no clock, no random values. Idempotent: rows are found by their natural key and updated."""

import hashlib
from datetime import UTC, datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission, User

from courses.models import Course, Enrolment, Learner

NOW = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)
YEAR = timedelta(days=365)

# One of each role; the password is the username.
USERS = {
    "admin": {"first_name": "Alva", "last_name": "Lindgren", "is_staff": True, "is_superuser": True},
    "teacher": {"first_name": "Tomas", "last_name": "Rivera", "is_staff": True},
    "learner": {"first_name": "Lena", "last_name": "Okafor"},
}
TEACHERS_MAY = [
    "view_course",
    "change_course",
    "view_learner",
    "view_enrolment",
    "add_enrolment",
    "change_enrolment",
    "delete_enrolment",
]
COURSES = {
    "astronomy": "Astronomy for everybody",
    "statistics": "Statistics with a pencil",
    "welding": "Welding, an introduction",
}
LEARNERS = {
    "ada@example.org": "Ada",
    "emil@example.org": "Emil",
    "grace@example.org": "Grace",
    "noor@example.org": "Noor",
}
ENROLMENTS = {
    "astronomy": ["ada@example.org", "emil@example.org", "grace@example.org"],
    "statistics": ["ada@example.org", "noor@example.org"],
}
TENANT = "@big-tenant.example.org"


def default() -> dict[str, int]:
    seed_users()
    seed_courses(COURSES)
    for email, name in LEARNERS.items():
        Learner.objects.update_or_create(email=email, defaults={"name": name})
    for code, emails in ENROLMENTS.items():
        enrol(code, emails)
    return count_rows()


def big_tenant(learners: int, courses: int = 1) -> dict[str, int]:
    """Enrol the learners in the courses in turn."""
    default()
    titles = {"onboarding": "Onboarding at Big Tenant"}
    titles |= {f"onboarding-{group}": f"Onboarding at Big Tenant, group {group}" for group in range(2, courses + 1)}
    seed_courses(titles)
    emails = [f"learner-{number:06}{TENANT}" for number in range(learners)]
    Learner.objects.bulk_create(
        [Learner(email=email, name=f"Learner {number}") for number, email in enumerate(emails)],
        ignore_conflicts=True,
    )
    for first, code in enumerate(titles):
        enrol(code, emails[first::courses])
    return count_rows()


def seed_users() -> None:
    for username in USERS:
        # The lambda only hashes for a new row, since hashing is slow on purpose.
        new = {"date_joined": moment(username), "password": lambda name=username: password_of(name)}
        User.objects.update_or_create(
            username=username, defaults=about(username), create_defaults=about(username) | new
        )
    teachers, _ = Group.objects.get_or_create(name="teachers")
    teachers.permissions.set(Permission.objects.filter(content_type__app_label="courses", codename__in=TEACHERS_MAY))
    User.objects.get(username="teacher").groups.set([teachers])


def about(username: str) -> dict[str, object]:
    """Who this is and what the role may do."""
    return {"email": f"{username}@example.org", "is_staff": False, "is_superuser": False} | USERS[username]


def password_of(username: str) -> str:
    """The fixed salt gives the same row everywhere. Django would replace a shorter one at the first login."""
    return make_password(username, salt="developmentdevelopment")


def seed_courses(titles: dict[str, str]) -> None:
    for code, title in titles.items():
        Course.objects.update_or_create(code=code, defaults={"title": title})


def enrol(code: str, emails: list[str]) -> None:
    course = Course.objects.get(code=code)
    Enrolment.objects.bulk_create(
        [
            Enrolment(course=course, learner=learner, enrolled_at=moment(f"{code} {learner.email}"))
            for learner in Learner.objects.filter(email__in=emails)
        ],
        ignore_conflicts=True,
    )


def moment(key: str) -> datetime:
    """A minute in the year before NOW, always the same one for the same key."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")
    return NOW - timedelta(minutes=number) % YEAR


def count_rows() -> dict[str, int]:
    return {
        "users": User.objects.count(),
        "courses": Course.objects.count(),
        "learners": Learner.objects.count(),
        "enrolments": Enrolment.objects.count(),
    }
