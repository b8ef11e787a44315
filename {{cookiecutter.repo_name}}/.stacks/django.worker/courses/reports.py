# Owner: this service. The template wrote it once and leaves it to you.
"""A report that takes too long for a request: the worker makes it, the page shows the last one."""

from django.core.cache import cache
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from courses import catalogue

KEY = "report"


@csrf_exempt  # other services call it, and it changes no user's data
@require_http_methods(["GET", "POST"])
def api_report(request: HttpRequest) -> JsonResponse:
    """POST starts a new report, GET shows the last one."""
    from courses.jobs import make_report  # here, since it imports this module

    if request.method == "POST":
        make_report.delay()
        return JsonResponse({"status": "queued"}, status=202)
    report = cache.get(KEY)
    return JsonResponse(report or {"status": "none yet"}, status=200 if report else 404)


def current() -> dict[str, object]:
{% if cookiecutter.database == "none" %}
    return {"courses": len(catalogue.COURSES)}
{% else %}
    return {"learners": {str(course["code"]): course["learner_count"] for course in catalogue.with_learners()}}
{% endif %}
