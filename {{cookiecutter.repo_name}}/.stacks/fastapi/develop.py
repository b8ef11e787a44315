{% extends "python/develop.py" %}
{% block imports %}
import asyncio
{% endblock %}
{% block libraries %}
LIBRARIES = (
{% if cookiecutter.database == "mysql" %}
    "aiomysql",
{% endif %}
{% if cookiecutter.worker == "none" %}
    "fastapi",
    "fastapi.templating",
    "jinja2",
{% endif %}
{% if cookiecutter.database == "postgres" %}
    "psycopg",
{% endif %}
    "pydantic.networks",
    "pydantic_settings",
{% if cookiecutter.cache != "none" %}
    "redis.asyncio",
{% endif %}
{% if cookiecutter.worker != "none" %}
    "saq.queue.redis",
{% endif %}
{% if cookiecutter.database != "none" %}
    "sqlalchemy.dialects.{{ "mysql.aiomysql" if cookiecutter.database == "mysql" else "postgresql.psycopg" }}",
    "sqlalchemy.ext.asyncio",
{% endif %}
{% if cookiecutter.worker == "none" %}
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
{% endif %}
)
{% if cookiecutter.worker != "none" %}
# Imported by one of the two alone: while both start, they share the machine's cores.
OF_APP = (
    "fastapi",
    "fastapi.templating",
    "jinja2",
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
)
OF_WORKER = ("saq.runner",)
{% endif %}
{% endblock %}
{% block stack %}
def load() -> Any:
    """The ASGI application."""
    from app.main import app

    return app


def refuse(reason: str) -> Any:
    """The application while there is none."""
    from fastapi.responses import PlainTextResponse

    return PlainTextResponse(reason, 500)


def serve(listener: socket.socket, app: Any) -> None:
    """Answer requests with uvicorn; on SIGTERM finish those that run."""
    import uvicorn
    from fastapi import FastAPI

    class Server(uvicorn.Server):
        stopping: asyncio.Event | None = None

        def handle_exit(self, sig: int, frame: Any) -> None:
            super().handle_exit(sig, frame)
            if self.stopping:
                asyncio.get_running_loop().call_soon_threadsafe(self.stopping.set)

        async def main_loop(self) -> None:  # uvicorn's looks ten times a second whether it has to stop
            self.stopping = asyncio.Event()
            while not await self.on_tick(0):
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self.stopping.wait(), 1)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            asyncio.get_running_loop().remove_reader(listener)  # accept no more
            await asyncio.sleep(0.05)  # and serve those that were accepted just now
            await super().shutdown(sockets)

    whole = isinstance(app, FastAPI)  # else the requests are not logged: the traceback is the last in the log
    lifespan: Any = "auto" if whole else "off"
    config = uvicorn.Config(app, lifespan=lifespan, access_log=whole, timeout_graceful_shutdown=PATIENCE)
    Server(config).run(sockets=[listener])
{% if cookiecutter.worker != "none" %}


def work(broken: str) -> Any:
    """Run the jobs of the queue."""
    if broken:
        signal.pause()
    from saq.runner import run

    return run("app.worker.settings", verbose=1)
{% endif %}
{% endblock %}
