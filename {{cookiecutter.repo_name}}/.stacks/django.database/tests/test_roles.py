# Owner: this service. The template wrote it once and leaves it to you.
import pytest
from django.contrib.auth.models import User
from django.test import Client

from courses.models import Course
from seeds import scenarios

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("username", "courses", "users"), [("admin", 200, 200), ("teacher", 200, 403), ("learner", 302, 302)]
)
def test_who_may_open_what(client: Client, username: str, courses: int, users: int) -> None:
    scenarios.default()
    assert client.login(username=username, password=username)
    assert client.get("/admin/courses/course/").status_code == courses
    assert client.get("/admin/auth/user/").status_code == users


def test_teacher_may_change_a_course_and_make_none(client: Client) -> None:
    scenarios.default()
    client.login(username="teacher", password="teacher")
    welding = Course.objects.get(code="welding")
    client.post(f"/admin/courses/course/{welding.pk}/change/", {"code": "welding", "title": "Welding, advanced"})
    welding.refresh_from_db()
    assert welding.title == "Welding, advanced"
    assert client.get("/admin/courses/course/add/").status_code == 403
    assert client.get("/admin/courses/enrolment/add/").status_code == 200


@pytest.mark.parametrize("username", scenarios.USERS)
def test_each_logs_in_by_the_form(client: Client, username: str) -> None:
    scenarios.default()
    answer = client.post("/login/", {"username": username, "password": username}, follow=True)
    assert f"Logged in as {username}" in answer.content.decode()


def test_login_leaves_the_row_of_the_password_alone(client: Client) -> None:
    scenarios.default()
    client.post("/login/", {"username": "learner", "password": "learner"})
    assert User.objects.get(username="learner").password == scenarios.password_of("learner")
