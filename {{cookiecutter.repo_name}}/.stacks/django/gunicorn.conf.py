# Owner: this service. The template wrote it once and leaves it to you.
"""Production's server; gunicorn reads this file from the folder it starts in."""

import os

bind = f"{os.environ.get('BIND', '0.0.0.0')}:{os.environ['PORT']}"
# One worker with threads is the least memory; WEB_CONCURRENCY, which gunicorn reads itself, makes it more.
threads = 4
accesslog = "-"
