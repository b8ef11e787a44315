"""Routes. What is below /oidc/ sends people to lms and takes them back."""

from django.urls import include, path

from config.health import health
from products.views import home

urlpatterns = [
    path("", home),
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("health", health),
]
