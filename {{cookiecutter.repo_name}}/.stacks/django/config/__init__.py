# Owner: this service. The template wrote it once and leaves it to you.
{% if cookiecutter.database == "mysql" %}
import pymysql
{% if cookiecutter.worker != "none" %}

from config.celery import app as celery_app
{% endif %}

# Pure Python, instead of mysqlclient, which needs a compiler and MySQL's headers.
pymysql.install_as_MySQLdb()
{% elif cookiecutter.worker != "none" %}
from config.celery import app as celery_app
{% endif %}
{% if cookiecutter.worker != "none" %}

__all__ = ["celery_app"]  # the app for @shared_task
{% endif %}
