# Owner: this service. The template wrote it once and leaves it to you.
"""Production's server; gunicorn reads this file from its current folder."""

import os

bind = f"{os.environ.get('BIND', '0.0.0.0')}:{os.environ['PORT']}"
# One worker with threads needs the least memory; gunicorn reads WEB_CONCURRENCY for more workers.
threads = 4
accesslog = "-"
