# Owner: this service. The template wrote it once and leaves it to you.
"""Django's settings. Those that differ between environments come from config/environment.py."""

import os

from config import environment

SERVICE = "{{ cookiecutter.service }}"
ENV = environment.read(os.environ)

DEBUG = ENV.debug
SECRET_KEY = ENV.secret_key
PUBLIC_URL = ENV.public_url
# The public name, the name for other services, and the name for health checks.
ALLOWED_HOSTS = [ENV.public_host, f"{SERVICE}.localhost", SERVICE, "localhost", "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# Browsers send cookies to every port of a host. So the names contain the service, for several services on localhost,
# and the port, for several workspaces of this one. Otherwise logging in to one would log out of the other.
SESSION_COOKIE_NAME = f"{SERVICE}-session-{ENV.public_port}"
CSRF_COOKIE_NAME = f"{SERVICE}-csrf-{ENV.public_port}"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.is_https

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
{% if cookiecutter.database != "none" %}
LOGIN_REDIRECT_URL = "index"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
{% endif %}
TIME_ZONE = "UTC"
STATIC_URL = "static/"
# Static files are served from the installed packages, so no collectstatic step is needed.
WHITENOISE_USE_FINDERS = True

INSTALLED_APPS = [
{% if cookiecutter.database != "none" %}
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
{% endif %}
    "django.contrib.staticfiles",
    "courses",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
{% if cookiecutter.database != "none" %}
    "django.contrib.sessions.middleware.SessionMiddleware",
{% endif %}
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
{% if cookiecutter.database != "none" %}
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
{% endif %}
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
{% if cookiecutter.database != "none" %}
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
{% endif %}
            ],
        },
    },
]
{% if cookiecutter.database != "none" %}

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.{{ "mysql" if cookiecutter.database == "mysql" else "postgresql" }}",
        "HOST": ENV.db_host,
        "PORT": ENV.db_port,
        "NAME": ENV.db_name,
        "USER": ENV.db_user,
        "PASSWORD": ENV.db_password,
        "CONN_MAX_AGE": 60,
        # A dead connection (restarted server, swapped database) is replaced and causes no error.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 3{{ ', "charset": "utf8mb4"' if cookiecutter.database == "mysql" }}},
    },
}
{% endif %}
{% if cookiecutter.cache != "none" %}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"{ENV.cache_url}/0",
        "OPTIONS": {"socket_connect_timeout": 3},
    },
}
{% if cookiecutter.database != "none" %}
# Read from the cache, written to both: users stay logged in if the cache is lost.
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
{% endif %}
{% endif %}
{% if cookiecutter.worker != "none" %}

# In another database than the cache, so that clearing the cache does not remove jobs.
CELERY_BROKER_URL = f"{ENV.cache_url}/1"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
HEARTBEAT = ENV.heartbeat
# If the queue does not answer, a page that adds a job fails soon.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1}
{% endif %}

# By default Django mails errors if DEBUG is off; here they go to the container's log.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # Without Django's handler, which would print each line twice.
    "loggers": {"django": {"handlers": []}},
}
