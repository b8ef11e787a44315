"""Settings: everything that differs between machines comes from the environment.

A variable without a default must be set: a site that silently fell back to another database
would look healthy and be wrong.
"""

from os import environ
from pathlib import Path
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent

PUBLIC_URL = environ["PUBLIC_URL"].rstrip("/")
SECRET_KEY = environ["SECRET_KEY"]
DEBUG = environ.get("DEBUG", "false") == "true"
# The public name, the name inside the workspace's network, and loopback for health checks.
ALLOWED_HOSTS = [str(urlsplit(PUBLIC_URL).hostname), "wagtail", "localhost", "127.0.0.1"]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": environ["DB_HOST"],
        "PORT": environ["DB_PORT"],
        "NAME": environ["DB_NAME"],
        "USER": environ["DB_USER"],
        "PASSWORD": environ["DB_PASSWORD"],
    }
}

INSTALLED_APPS = [
    "blog",
    "seeds",
    "wagtail.contrib.redirects",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail.contrib.forms",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]
if not DEBUG:
    # runserver finds static files by itself; gunicorn serves those that collectstatic gathered.
    MIDDLEWARE.insert(1, "whitenoise.middleware.WhiteNoiseMiddleware")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = environ.get("MEDIA_ROOT", BASE_DIR / "media")
# The page editor sends one field per block: Wagtail's own advice for long pages.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
# Cookies ignore ports: two services on localhost, and two workspaces of this one, need sessions of their own.
SESSION_COOKIE_NAME = f"wagtail-session-{urlsplit(PUBLIC_URL).port}"
CSRF_COOKIE_NAME = f"wagtail-csrf-{urlsplit(PUBLIC_URL).port}"

WAGTAIL_SITE_NAME = "Wagtail"
WAGTAILADMIN_BASE_URL = PUBLIC_URL
WAGTAILDOCS_EXTENSIONS = ["csv", "docx", "odt", "pdf", "txt", "xlsx", "zip"]
# No call leaves the machine: the admin would otherwise ask for new releases and for avatars.
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
