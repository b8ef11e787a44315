"""Settings: everything that differs between machines comes from the environment."""

from os import environ
from urllib.parse import urlsplit

from django.utils.functional import lazy

from identity.keys import signing_key

PUBLIC_URL = environ["PUBLIC_URL"].rstrip("/")
SECRET_KEY = environ["SECRET_KEY"]
DEBUG = environ.get("DEBUG", "false") == "true"
# The public name, the one that other services use, and the one that health checks use.
ALLOWED_HOSTS = [str(urlsplit(PUBLIC_URL).hostname), "lms.localhost", "lms", "localhost", "127.0.0.1"]
# Empty where notes is not there (yet): the page says so, and all else works.
NOTES_INTERNAL_URL = environ.get("NOTES_INTERNAL_URL", "")

# Browsers send cookies to every port of a host: the name keeps services apart that share the name localhost,
# and the port keeps this service apart from itself in another workspace.
SESSION_COOKIE_NAME = f"lms-session-{environ['PORT']}"
CSRF_COOKIE_NAME = f"lms-csrf-{environ['PORT']}"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": environ["DB_HOST"],
        "PORT": environ["DB_PORT"],
        "NAME": environ["DB_NAME"],
        "USER": environ["DB_USER"],
        "PASSWORD": environ["DB_PASSWORD"],
        "OPTIONS": {"connect_timeout": 3},
    }
}

INSTALLED_APPS = [
    "identity",
    "seeds",
    "oauth2_provider",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
STATIC_URL = "static/"  # for develop.py; the service has no static files
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ],
        },
    },
]

OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    # Fixed: otherwise the issuer would be whatever name the request came by, which differs
    # between a browser (public) and a service that fetches a token (internal).
    "OIDC_ISS_ENDPOINT": f"{PUBLIC_URL}/o",
    # Lazy, since the key is in the database, which settings must not ask while they load.
    "OIDC_RSA_PRIVATE_KEY": lazy(signing_key, str)(),
    "OAUTH2_VALIDATOR_CLASS": "identity.claims.ClaimsValidator",
    "SCOPES": {"openid": "who you are", "profile": "your user name", "email": "your e-mail address"},
}
