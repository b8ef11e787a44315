from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from identity.notes import note


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "identity/home.html", {"note": note("lms")})
