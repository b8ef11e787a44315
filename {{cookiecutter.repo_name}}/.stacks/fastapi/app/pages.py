{% set given = "session: Session" if cookiecutter.database != "none" else "" %}
{% set handed = "session" if cookiecutter.database != "none" else "" %}
# Owner: this service. The template wrote it once and leaves it to you.
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

{% if cookiecutter.cache != "none" %}
from app import cache
{% endif %}
from app.courses import courses_with_learners
{% if cookiecutter.database != "none" %}
from app.dependencies import Session
{% endif %}
from app.schemas import Courses{{ ", CourseWithLearners" if cookiecutter.cache != "none" }}

templates = Jinja2Templates(Path(__file__).parent / "templates")
router = APIRouter()


@router.get("/", response_class=HTMLResponse)
async def index(request: Request{{ ", " + given if given }}) -> HTMLResponse:
    courses = await {{ "recent_courses" if cookiecutter.cache != "none" else "courses_with_learners" }}({{ handed }})
    return templates.TemplateResponse(request, "index.html", {"courses": courses})


@router.get("/api/courses")
async def api_courses({{ given }}) -> Courses:
    return Courses(courses=await courses_with_learners({{ handed }}))
{% if cookiecutter.cache != "none" %}


async def recent_courses({{ given }}) -> list[CourseWithLearners]:
    """At most a few seconds old: most requests are for this page."""

    async def count() -> str:
        return Courses(courses=await courses_with_learners({{ handed }})).model_dump_json()

    return Courses.model_validate_json(await cache.remember("courses", count)).courses
{% endif %}
