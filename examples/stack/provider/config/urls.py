"""Routes. Of django-oauth-toolkit only the protocol: its pages for managing clients are open to every user."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from oauth2_provider import urls as oauth

from config.health import health
from identity.views import home

protocol = (oauth.base_urlpatterns + oauth.oidc_urlpatterns, oauth.app_name)

urlpatterns = [
    path("", home),
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(next_page="/"), name="logout"),
    path("o/", include(protocol)),
    path("health", health),
]
