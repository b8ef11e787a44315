"""pretalx's own settings, and what they fix for one instance per host behind https.

pretalx reads PRETALX_* from the environment by itself, see compose.yaml.
"""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from pretalx.settings import *  # noqa: F403
from pretalx.settings import DATABASES, LOGGING, SESSION_COOKIE_SECURE, SITE_URL

if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    # Without its variables pretalx takes an SQLite file beside its own code, looks healthy, and is wrong.
    raise ImproperlyConfigured("PRETALX_DB_TYPE is not set to postgresql")

# The names of this service. With pretalx's own "*", the page of a stranger could read it: DNS rebinding.
ALLOWED_HOSTS = [str(urlsplit(SITE_URL).hostname), "pretalx.localhost", "pretalx", "localhost", "127.0.0.1"]

# Cookies ignore ports: two services on localhost, and two workspaces of this one, need sessions of their own.
SESSION_COOKIE_NAME = f"pretalx-session-{urlsplit(SITE_URL).port}"
CSRF_COOKIE_NAME = f"pretalx-csrf-{urlsplit(SITE_URL).port}"
# Over http, a browser would not send it back.
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE

# In debug mode, Faker would write a page about each of its parts.
LOGGING["loggers"]["faker"] = {"level": "WARNING"}
