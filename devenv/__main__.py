"""What `.dev/run` starts: python -I TOOLS/devenv INTERFACE SERVICE [TASK]. See base/launch.py."""

import atexit
import gc
import sys
from pathlib import Path

# Cycles of objects hold memory that a short command never needs back. Looking for them, during the imports and once
# more at the end, took a tenth of the time of each command.
gc.disable()
atexit.register(gc.freeze)

sys.path[0] = str(Path(__file__).resolve().parents[1])  # it was the package's own folder
try:
    from devenv.base import launch, slim

    if wrong := launch.mismatch(sys.argv[1] if len(sys.argv) > 2 else "none", Path(*sys.argv[2:3])):
        print(wrong, file=sys.stderr)
        sys.exit(111)
    launch.ROOT = Path(sys.argv[2]).resolve()
    del sys.argv[1:3]
    slim.import_invoke()  # first: main imports it too
    from devenv.main import main
except KeyboardInterrupt:  # main handles later ones
    print("error[130]: interrupted", file=sys.stderr)
    sys.exit(130)

main()
