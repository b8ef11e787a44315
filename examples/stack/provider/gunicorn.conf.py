"""Production's server; gunicorn reads this file from the folder it starts in."""

import os

bind = f"{os.environ.get('BIND', '0.0.0.0')}:{os.environ['PORT']}"
# One worker with threads is the least memory; WEB_CONCURRENCY, which gunicorn reads itself, makes it more.
threads = 4
accesslog = "-"
# It would lie in the home folder, under one name for all services of a user.
control_socket_disable = True
