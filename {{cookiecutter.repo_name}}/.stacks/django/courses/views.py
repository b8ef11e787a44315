# Owner: this service. The template wrote it once and leaves it to you.
{% if cookiecutter.cache != "none" and cookiecutter.database != "none" %}
from django.core.cache import cache
{% endif %}
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

{% if cookiecutter.database != "none" %}
from courses import catalogue
{% else %}
from courses.catalogue import COURSES
{% endif %}
{% if cookiecutter.cache != "none" and cookiecutter.database != "none" %}

# Seconds for which the page is cached: one query for many readers.
FRESH = 5
{% endif %}


def index(request: HttpRequest) -> HttpResponse:
    return render(request, "courses/index.html", {"courses": courses()})


def api_courses(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"courses": courses()})


def courses() -> list[dict[str, object]]:
{% if cookiecutter.database == "none" %}
    return [dict(course) for course in COURSES]
{% elif cookiecutter.cache != "none" %}
    found = cache.get_or_set("courses", catalogue.with_learners, FRESH)
    return list(found or [])
{% else %}
    return catalogue.with_learners()
{% endif %}
