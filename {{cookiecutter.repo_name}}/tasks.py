# Owner: the template. Do not edit: updates replace this file.
# Your own settings of these tools are not meant for it.
# flake8: noqa
# isort: skip_file
# mypy: ignore-errors
# pylint: skip-file
# fmt: off
"""`inv dev.up` runs `sh .dev/run dev.up`, so any version of invoke works. Put your tasks into tasks_local.py.

Where a tasks.py was there before, this is dev_tasks.py, which that one imports: then only our tasks are handed over.
"""

import os
import sys
from pathlib import Path

program = Path(sys.argv[0])
module = program.parts[-2:] == ("invoke", "__main__.py")  # python -m invoke
first = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
ours = __name__ == "tasks" or first.startswith(("dev.", "contract.", "template."))
if ours and (module or program.stem in ("inv", "invoke")):
    if sys.platform == "win32":
        hint = "hint: wsl --install --distribution Ubuntu; then clone this repository in there"
        print("error[110]: on Windows, this runs in WSL 2", hint, sep="\n", file=sys.stderr)
        sys.exit(110)
    run = str(Path(__file__).resolve().parent / ".dev" / "run")
    os.execvp("sh", ["sh", run, *sys.argv[1:]])  # with sh: archives and other systems lose the executable bit
