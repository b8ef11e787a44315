# Owner: this service. The template wrote it once and leaves it to you.
import logging
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
{% endif %}

from fastapi import FastAPI
from fastapi.middleware.trustedhost import TrustedHostMiddleware

from app import {{ "cache, " if cookiecutter.cache != "none" }}{{ "database, " if cookiecutter.database != "none" }}health, pages{{ ", queue, reports" if cookiecutter.worker != "none" }}
from app.settings import settings

# uvicorn only configures its own loggers.
logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
logging.getLogger("app").setLevel(logging.INFO)  # for this app; libraries only log warnings
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield
{% if cookiecutter.worker != "none" %}
    await queue.queue.disconnect()
{% endif %}
{% if cookiecutter.cache != "none" %}
    await cache.client.aclose()
{% endif %}
{% if cookiecutter.database != "none" %}
    await database.engine.dispose()
{% endif %}


app = FastAPI(title="{{ cookiecutter.service }}", lifespan=lifespan)
{% else %}

app = FastAPI(title="{{ cookiecutter.service }}")
{% endif %}
# Without it, the page of a stranger could read this service: its name would resolve to 127.0.0.1 (DNS rebinding).
app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.allowed_hosts, www_redirect=False)
app.include_router(pages.router)
{% if cookiecutter.worker != "none" %}
app.include_router(reports.router)
{% endif %}
app.include_router(health.router)
