# Owner: this service. The template wrote it once and leaves it to you.
from django.db.models import Count

from courses.models import Course


def with_learners() -> list[dict[str, object]]:
    """Every course with the number of its learners, by code."""
    # A query with GROUP BY ignores the model's ordering.
    counted = Course.objects.annotate(learner_count=Count("enrolment")).order_by("code")
    return list(counted.values("code", "title", "learner_count"))
