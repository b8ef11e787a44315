# Owner: this service. The template wrote it once and leaves it to you.
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

{% if cookiecutter.cache != "none" %}
from app import cache
{% endif %}
from app.courses import courses_with_learners
{% if cookiecutter.cache != "none" and cookiecutter.database != "none" %}
from app.dependencies import Session
{% endif %}
from app.schemas import Courses, CourseWithLearners

templates = Jinja2Templates(Path(__file__).parent / "templates")
router = APIRouter()

CourseList = Annotated[list[CourseWithLearners], Depends(courses_with_learners)]
{% if cookiecutter.cache != "none" %}


{% if cookiecutter.database != "none" %}
async def courses_of_late(session: Session) -> list[CourseWithLearners]:
{% else %}
async def courses_of_late() -> list[CourseWithLearners]:
{% endif %}
    """The same, at most a few seconds old: the page is what most people load."""

    async def count() -> str:
{% if cookiecutter.database != "none" %}
        return Courses(courses=await courses_with_learners(session)).model_dump_json()
{% else %}
        return Courses(courses=await courses_with_learners()).model_dump_json()
{% endif %}

    return Courses.model_validate_json(await cache.remember("courses", count)).courses


RecentCourseList = Annotated[list[CourseWithLearners], Depends(courses_of_late)]
{% endif %}


@router.get("/", response_class=HTMLResponse)
{% if cookiecutter.cache != "none" %}
async def index(request: Request, courses: RecentCourseList) -> HTMLResponse:
{% else %}
async def index(request: Request, courses: CourseList) -> HTMLResponse:
{% endif %}
    return templates.TemplateResponse(request, "index.html", {"courses": courses})


@router.get("/api/courses")
async def api_courses(courses: CourseList) -> Courses:
    return Courses(courses=courses)
