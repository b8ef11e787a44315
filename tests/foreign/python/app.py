"""The service: a page, a health check, and readings as JSON for clients with a token."""

import psycopg
from flask import Flask, render_template_string, request
from psycopg.rows import dict_row

app = Flask(__name__)

PAGE = """<!doctype html>
<html lang="en"><title>Weather</title>
<h1>Weather</h1>
<ul>
{% for row in readings %}<li>{{ row.place }} ({{ row.height }} m), {{ row.day }}: {{ row.degrees }} °C</li>
{% else %}<li>No readings yet.</li>
{% endfor %}</ul>
</html>
"""

READINGS = """SELECT place, height, day::text, degrees::float8 FROM reading JOIN place ON place.name = reading.place
ORDER BY place, day"""


def query(sql, *parameters):
    """Rows as dicts. Where the database is, libpq takes from PGHOST and its like."""
    with psycopg.connect(connect_timeout=3, row_factory=dict_row) as db:
        return db.execute(sql, parameters).fetchall()


@app.get("/")
def page():
    return render_template_string(PAGE, readings=query(READINGS))


@app.get("/health")
def health():
    try:
        query("SELECT 1")
    except psycopg.OperationalError as error:
        return {"healthy": False, "why": str(error)}, 503
    return {"healthy": True}


@app.get("/readings")
def readings():
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not query("SELECT 1 FROM reader WHERE token = %s", token):
        return {"error": "unknown token"}, 401
    return {"readings": query(READINGS)}
