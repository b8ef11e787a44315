# Owner: the template. Do not edit: updates replace this file.
"""What `.dev/run` starts: Python puts this folder on sys.path, so the package needs no installation."""

import atexit
import gc
import sys

# Memory that cycles of objects hold is nobody's need in a command that soon ends. Looking for it, while modules are
# imported and once more at the end, was a tenth of the time of each command.
gc.disable()
atexit.register(gc.freeze)

try:
    from devenv.base import slim

    slim.import_invoke()  # first: main imports it too
    from devenv.main import main
except KeyboardInterrupt:  # later ones are main's own
    print("error[130]: interrupted", file=sys.stderr)
    sys.exit(130)

main()
