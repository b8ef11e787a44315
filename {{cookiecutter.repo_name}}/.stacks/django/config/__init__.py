# Owner: this service. The template wrote it once and leaves it to you.
{% if cookiecutter.database == "mysql" %}
import pymysql
{% if cookiecutter.worker != "none" %}

from config.celery import app as celery_app
{% endif %}

# Pure Python, in place of mysqlclient, which needs a compiler and MySQL's headers wherever it is installed.
pymysql.install_as_MySQLdb()
{% elif cookiecutter.worker != "none" %}
from config.celery import app as celery_app
{% endif %}
{% if cookiecutter.worker != "none" %}

__all__ = ["celery_app"]  # what @shared_task belongs to
{% endif %}
