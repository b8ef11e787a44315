# Owner: this service. The template wrote it once and leaves it to you.
{% if cookiecutter.database != "none" %}
from django.contrib import admin
from django.contrib.auth.views import LoginView
{% endif %}
from django.urls import path

from config.health import health
from courses import {{ "reports, " if cookiecutter.worker != "none" }}views

urlpatterns = [
    path("", views.index, name="index"),
    path("api/courses", views.api_courses, name="api-courses"),
{% if cookiecutter.worker != "none" %}
    path("api/report", reports.api_report, name="api-report"),
{% endif %}
{% if cookiecutter.database != "none" %}
    path("admin/", admin.site.urls),
    path("login/", LoginView.as_view(template_name="courses/login.html"), name="login"),
{% endif %}
    path("health", health, name="health"),
]
