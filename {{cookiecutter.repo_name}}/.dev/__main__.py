# Owner: the template. Do not edit: updates replace this file.
"""What `.dev/run` starts: Python puts this folder on sys.path, so the package needs no installation."""

import sys

try:
    from devenv.base import slim

    slim.import_invoke()  # first: main imports it too
    from devenv.main import main
except KeyboardInterrupt:  # later ones are main's own
    print("error[130]: interrupted", file=sys.stderr)
    sys.exit(130)

main()
