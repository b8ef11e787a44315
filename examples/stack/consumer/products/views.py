from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from products.models import Product
from products.notes import note


def home(request: HttpRequest) -> HttpResponse:
    context = {"note": note("shop"), "products": Product.objects.all(), "login": login_url()}
    return render(request, "products/home.html", context)


def login_url() -> str:
    """By the public name, whichever name the page was asked by: lms sends people back to that one alone."""
    if not (settings.LMS_URL and settings.OIDC_RP_CLIENT_ID):
        return ""
    return settings.PUBLIC_URL + reverse("oidc_authentication_init")
