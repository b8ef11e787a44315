"""What `.dev/run` starts: python -I TOOLS/devenv INTERFACE SERVICE [TASK]. See base/launch.py."""

import atexit
import gc
import os
import sys
from pathlib import Path

# The garbage collector only frees cycles of objects, whose memory a short command never needs back. It took a tenth
# of the time of each command, during the imports and at the end.
gc.disable()
atexit.register(gc.freeze)

REPAIRED = "DEVENV_REPAIRED"  # stops a repair that does not help from running again
sys.path[0] = str(Path(__file__).resolve().parents[1])  # instead of the package's folder


def repair() -> None:
    """Let fetch.py check each file of the tools and of their environment, then start this command again."""
    interface, service, *words = sys.argv[1:]
    system = os.uname()
    print("files of the tools are missing: checking …", file=sys.stderr, flush=True)
    os.environ[REPAIRED] = "1"
    fetch = os.path.join(service, ".dev", "fetch.py")
    made = f"environment-{system.sysname}-{system.machine}"
    os.execvp("python3", ["python3", "-I", "-B", fetch, interface, made, *words])


try:
    from devenv.base import launch, slim

    if wrong := launch.mismatch(sys.argv[1] if len(sys.argv) > 2 else "none", Path(*sys.argv[2:3])):
        print(wrong, file=sys.stderr)
        sys.exit(111)
    launch.ROOT = Path(sys.argv[2]).resolve()
    slim.import_invoke()  # must come first, since main imports invoke too
    from devenv.main import main
except KeyboardInterrupt:  # main handles later ones
    print("error[130]: interrupted", file=sys.stderr)
    sys.exit(130)
except ImportError as error:
    if os.environ.get(REPAIRED):
        print(f"error[110]: the tools are incomplete: {error}", file=sys.stderr)
        print(f"hint: remove them, and the next command fetches them again: rm -r {sys.path[0]!r}", file=sys.stderr)
        sys.exit(110)
    repair()

os.environ.pop(REPAIRED, None)
del sys.argv[1:3]
main()
