{% extends "python/develop.py" %}
{% block threads %}
import threading
{% endblock %}
{% block libraries %}
LIBRARIES = (
{% if cookiecutter.worker != "none" %}
    "celery",
    "celery.fixups.django",
{% endif %}
    "django.contrib.admin.sites",
{% if cookiecutter.cache != "none" %}
    "django.core.cache.backends.redis",
{% endif %}
{% if cookiecutter.worker == "none" %}
    "django.core.management.commands.check",
    "django.core.servers.basehttp",
{% endif %}
{% if cookiecutter.database == "postgres" %}
    "django.db.backends.postgresql.base",
{% endif %}
    "django.template.backends.django",
    "django.views.debug",
{% if cookiecutter.cache != "none" %}
    "redis",
{% endif %}
)
{% if cookiecutter.worker != "none" %}
# Imported by one of the two alone: while both start, they share the machine's cores.
OF_APP = ("django.core.management.commands.check", "django.core.servers.basehttp")
OF_WORKER = ("celery.apps.worker", "celery.concurrency.thread", "celery.worker.consumer", "kombu.transport.redis")
{% endif %}
{% endblock %}
{% block stack %}
def load() -> Any:
    """The WSGI application, with the modules of its pages. What `manage.py check` finds is in the log."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.management import call_command
    from django.core.signals import request_started
    from django.template.autoreload import reset_loaders

    from config.wsgi import application

    call_command("check")
    request_started.connect(lambda **_: reset_loaders(), weak=False)  # an edit of a template needs no reload
    return StaticFilesHandler(application)


def refuse(reason: str) -> Any:
    """The application while there is none."""

    def application(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("500 Internal Server Error", [("Content-Type", "text/plain; charset=utf-8")])
        return [reason.encode()]

    return application


def serve(listener: socket.socket, app: Any) -> None:
    """Answer requests, each in a thread, with Django's development server; on SIGTERM finish those that run."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

    whole = isinstance(app, StaticFilesHandler)  # else requests are not logged: the traceback is the last in the log
    states: dict[Any, str] = {}  # of each connection: new, running a request, or waiting for another one

    class Handler(WSGIRequestHandler):
        def handle_one_request(self) -> None:
            self.rfile.peek(1)  # returns when there is a request
            states[self.connection] = "running"
            super().handle_one_request()
            states[self.connection] = "waiting"

        def log_message(self, format: str, *args: Any) -> None:
            if whole:
                super().log_message(format, *args)

        def finish(self) -> None:
            super().finish()
            del states[self.connection]

    class Server(ThreadedWSGIServer):
        def get_request(self) -> Any:
            connection, address = super().get_request()
            connection.setblocking(True)
            states[connection] = "new"
            return connection, address

    def close(state: str) -> None:
        for connection in [each for each, its in list(states.items()) if its == state]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)

    server = Server(listener.getsockname()[:2], Handler, bind_and_activate=False)
    server.socket.close()
    server.socket, server.timeout = listener, 0
    server.server_name, server.server_port = listener.getsockname()[:2]
    server.setup_environ()
    server.set_app(app)
    stopped = threading.Event()
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    while not stopped.is_set():
        if listener in select.select([listener, woken], [], [])[0]:
            server.handle_request()
    close("waiting")  # another request would meet the old code
    time.sleep(0.05)
    close("new")  # browsers open connections in advance
    until = time.monotonic() + PATIENCE
    while {"new", "running"} & set(states.copy().values()) and time.monotonic() < until:
        time.sleep(0.01)
{% if cookiecutter.worker != "none" %}


def work(broken: str) -> Any:
    """Run the jobs of the queue."""
    if broken:
        signal.pause()
    from config.celery import app

    # The worker is alone, so it need not ask others for their state (a second at each start) or report its own.
    alone = ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    return app.worker_main(["worker", "--pool=threads", "--concurrency=2", "--loglevel=info", *alone])
{% endif %}
{% endblock %}
