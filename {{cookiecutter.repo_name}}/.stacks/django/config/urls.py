# Owner: this service. The template wrote it once and leaves it to you.
from django.contrib import admin
from django.urls import path

from config.health import health
from courses import views

urlpatterns = [
    path("", views.index, name="index"),
    path("api/courses", views.api_courses, name="api-courses"),
    path("admin/", admin.site.urls),
    path("health", health, name="health"),
]
