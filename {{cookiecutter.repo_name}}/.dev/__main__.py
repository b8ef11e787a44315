# Owner: the template. Do not edit: updates replace this file.
"""What `.dev/run` starts: Python puts this folder on sys.path, so the package needs no installation."""

from devenv.main import main

main()
