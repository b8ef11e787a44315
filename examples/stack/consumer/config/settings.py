"""Settings: everything that differs between machines comes from the environment."""

from os import environ
from urllib.parse import urlsplit

PUBLIC_URL = environ["PUBLIC_URL"].rstrip("/")
SECRET_KEY = environ["SECRET_KEY"]
DEBUG = environ.get("DEBUG", "false") == "true"
# The public name, the one that other services use, and the one that health checks use.
ALLOWED_HOSTS = [str(urlsplit(PUBLIC_URL).hostname), "shop.localhost", "shop", "localhost", "127.0.0.1"]
# What the required services told. Empty where they are not there (yet): the page says so, and all else works.
LMS_URL = environ.get("LMS_URL", "")
LMS_INTERNAL_URL = environ.get("LMS_INTERNAL_URL", "")
NOTES_INTERNAL_URL = environ.get("NOTES_INTERNAL_URL", "")

# Browsers send cookies to every port of a host: the name keeps services apart that share the name localhost,
# and the port keeps this service apart from itself in another workspace.
SESSION_COOKIE_NAME = f"shop-session-{environ['PORT']}"
CSRF_COOKIE_NAME = f"shop-csrf-{environ['PORT']}"

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
    "products",
    "seeds",
    "mozilla_django_oidc",
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
LOGIN_REDIRECT_URL = "/"
LOGIN_REDIRECT_URL_FAILURE = "/?failed"
LOGOUT_REDIRECT_URL = "/"

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

AUTHENTICATION_BACKENDS = ["mozilla_django_oidc.auth.OIDCAuthenticationBackend"]
OIDC_RP_CLIENT_ID = environ.get("OIDC_RP_CLIENT_ID", "")
OIDC_RP_CLIENT_SECRET = environ.get("OIDC_RP_CLIENT_SECRET", "")
# The browser goes here, so the name is the public one …
OIDC_OP_AUTHORIZATION_ENDPOINT = f"{LMS_URL}/o/authorize/"
# … and this server goes there itself, by a name that resolves where it runs.
OIDC_OP_TOKEN_ENDPOINT = f"{LMS_INTERNAL_URL}/o/token/"
OIDC_OP_USER_ENDPOINT = f"{LMS_INTERNAL_URL}/o/userinfo/"
OIDC_OP_JWKS_ENDPOINT = f"{LMS_INTERNAL_URL}/o/.well-known/jwks.json"
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_RP_SCOPES = "openid profile email"
OIDC_USE_PKCE = True
OIDC_USERNAME_ALGO = "config.login.username"
OIDC_TIMEOUT = 10
