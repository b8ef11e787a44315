"""What `.dev/run` starts: python -I TOOLS/devenv INTERFACE SERVICE [TASK]. See base/launch.py."""

import atexit
import gc
import os
import sys

# The garbage collector only frees cycles of objects, whose memory a short command never needs back. It took a tenth
# of the time of each command, during the imports and at the end.
gc.disable()
atexit.register(gc.freeze)

REPAIRED = "DEVENV_REPAIRED"  # stops a repair that does not help from running again
sys.path[0] = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # instead of the package's folder


def repair() -> None:
    """Let fetch.py check each file of the tools and of their environment, then start this command again."""
    for folder in (os.path.join(sys.path[0], "devenv"), os.path.join(sys.prefix, "lib")):
        for compiled in glob.glob(f"{glob.escape(folder)}/**/__pycache__", recursive=True):
            shutil.rmtree(compiled, ignore_errors=True)  # no list has these files, and Python makes them again
    interface, service, *words = sys.argv[1:]
    system = os.uname()
    print("files of the tools are missing or damaged: checking …", file=sys.stderr, flush=True)
    os.environ[REPAIRED] = "1"
    fetch = os.path.join(service, ".dev", "fetch.py")
    made = f"environment-{system.sysname}-{system.machine}"
    os.execvp("python3", ["python3", "-I", "-B", fetch, interface, made, *words])


try:
    from pathlib import Path  # here: half of the imports until the first of ours, and Ctrl-C may come meanwhile

    from devenv.base import ahead, launch, slim

    if wrong := launch.mismatch(sys.argv[1] if len(sys.argv) > 2 else "none", Path(*sys.argv[2:3])):
        launch.fail(wrong, sys.argv[3:])
    launch.forget_others(os.environ)
    launch.ROOT = Path(sys.argv[2]).resolve()
    ahead.ask(sys.argv[3:], launch.ROOT, os.environ)
    slim.import_invoke()  # must come first, since main imports invoke too
    from devenv.main import import_tasks, main

    import_tasks(sys.argv[3:])
except KeyboardInterrupt:  # main handles later ones
    print("error[130]: interrupted", file=sys.stderr)
    sys.exit(130)
except Exception as error:  # a file of the tools, or of a package, that is missing or damaged
    import glob
    import shutil

    if not isinstance(error, ImportError) and os.environ.get("DEVENV_TOOLS"):
        from devenv.base import seals

        if not seals.flaw(Path(sys.prefix), whole=True):
            raise  # someone who works on the tools needs all of it
    if os.environ.get(REPAIRED):
        hint = f"remove them, and the next command fetches them again: rm -r {sys.path[0]!r}"
        report = f"error[110]: the tools are incomplete: {type(error).__name__}: {error}\nhint: {hint}"
        if "launch" in globals():  # else it is the file that is missing
            launch.fail(report, sys.argv[3:])
        print(report, file=sys.stderr)
        sys.exit(110)
    repair()

os.environ.pop(REPAIRED, None)
del sys.argv[1:3]
main()
