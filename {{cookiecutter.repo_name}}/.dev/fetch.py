# Owner: the template. Do not edit: updates replace this file.
"""Find or fetch the tools that .cruft.json names, create their Python environment, and start them.

    python3 -I -B .dev/fetch.py INTERFACE MADE [TASK [FLAGS]]
    python3 -I -B .dev/fetch.py --fetch

.dev/run calls it if the tools cannot be started at once. MADE: the file that gets the environment's path, for the next
call of .dev/run. The tools are looked for in DEVENV_TOOLS, in .dev/tools/, and in the cache; only there can they be
missing, and then they are fetched. An entry of the cache is the template at one commit, with a MANIFEST (the SHA-256
of each file) that is written last. It is made next to its place and renamed, so it is never seen half made.
Exit codes, as in CONTRACT.md: 110 something is missing, 111 wrong configuration, 130 interrupted; else the task's.
"""

import fcntl
import hashlib
import json
import os
import posixpath
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

DEV = Path(__file__).resolve().parent
ROOT = DEV.parent
PIN = ROOT / ".cruft.json"
ENTRY = "devenv/__main__.py"
# cookiecutter's own abbreviations.
SHORT = {"gh": "https://github.com/{}.git", "gl": "https://gitlab.com/{}.git", "bb": "https://bitbucket.org/{}"}
# Variables with which git or a git hook says which repository is meant: `git rev-parse --local-env-vars`, and more.
REPOSITORY = re.compile(
    "GIT_(ALTERNATE_OBJECT_DIRECTORIES|CEILING_DIRECTORIES|COMMON_DIR|CONFIG|DEFAULT_HASH|DIR|GRAFT_FILE|INDEX_FILE"
    "|IMPLICIT_WORK_TREE|INTERNAL_SUPER_PREFIX|NAMESPACE|NO_REPLACE_OBJECTS|OBJECT_DIRECTORY|PREFIX|QUARANTINE_PATH"
    "|REPLACE_REF_BASE|SHALLOW_FILE|TEMPLATE_DIR|WORK_TREE)$"
)
# The person's hooks and background work have no business in a repository of ours.
PLAIN = ("core.hooksPath=/dev/null", "maintenance.auto=false", "gc.auto=0", "fetch.recurseSubmodules=false")
PATIENCE = ("http.lowSpeedLimit=1", "http.lowSpeedTime=60")  # bytes per second; seconds


class Stop(Exception):
    """What happened and what to do about it: one error line, and hint lines."""

    def __init__(self, code, message, *hints):
        super().__init__(message)
        self.code, self.message, self.hints = code, message, hints


def main(interface, made="", *words):
    if sys.version_info < (3, 9):
        have = "Python 3.9 or newer is needed, and {} is {}.{}".format(sys.executable, *sys.version_info)
        raise Stop(110, have, "put a newer python3 first on the path")
    if interface == "--fetch":  # for template.vendor: only the folder of the tools that .cruft.json names
        print(cached())
        return
    tools = find()
    environment = prepare(tools)
    with suppress(OSError):  # a cache that may only be read is slower, and works
        Path(made).parent.mkdir(parents=True, exist_ok=True)
        draft = Path(f"{made}.{os.getpid()}")
        draft.write_text(f"{environment}\n")
        os.replace(draft, made)
    python = os.path.join(environment, "bin", "python")
    os.execv(python, [python, "-I", str(tools / "devenv"), interface, str(ROOT), *words])


def find():
    """The folder of the tools; fetched if need be."""
    if os.environ.get("DEVENV_TOOLS"):
        tools = Path(os.environ["DEVENV_TOOLS"]).absolute()
        if not (tools / ENTRY).is_file():
            raise Stop(
                2, f"DEVENV_TOOLS={os.environ['DEVENV_TOOLS']}: not a checkout of the template", "unset DEVENV_TOOLS"
            )
        return tools
    if os.path.lexists(DEV / "tools"):
        if not (DEV / "tools" / ENTRY).is_file():
            raise Stop(
                110, f"{DEV}/tools: the tools in this repository are incomplete", "git checkout HEAD -- .dev/tools"
            )
        return DEV / "tools"
    return cached()


def cached():
    """The entry of the cache for the commit that .cruft.json names."""
    template, commit = pin()
    entry = cache() / "tools" / commit
    if not is_complete(entry):
        fetch(template, commit, entry)
    if not (entry / ENTRY).is_file():
        message = f"{PIN}:{line_of('commit')}: the template at {commit[:12]} has no tools that .dev/run can start"
        raise Stop(
            111, message, "take .dev/ and .cruft.json from one release: git log --oneline -- .cruft.json .dev/run"
        )
    return entry


def pin():
    """The template and the commit that .cruft.json names."""
    try:
        text = PIN.read_text(encoding="utf-8")
        said = json.loads(text)
        template, commit = said["template"], said["commit"]
    except OSError as error:
        hint = "git checkout HEAD -- .cruft.json; or from a checkout of the template: inv template.retrofit PATH"
        raise Stop(
            111, f"{PIN}:1: it names the tools' template and commit, and cannot be read: {error.strerror}", hint
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        for at, line in enumerate(text.splitlines() if "text" in locals() else [], 1):
            if line.startswith("<<<<<<<"):
                hint = "choose one side, and take .dev/ from the same side: git checkout --theirs .cruft.json .dev"
                raise Stop(111, f"{PIN}:{at}: a merge left a conflict here", hint) from None
        at = getattr(error, "lineno", 1)
        raise Stop(
            111, f"{PIN}:{at}: not as cookiecutter and cruft write it: {error}", "git checkout HEAD -- .cruft.json"
        ) from None
    if not (isinstance(commit, str) and re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", commit)):
        hint = "write the full id: git ls-remote TEMPLATE"
        raise Stop(111, f"{PIN}:{line_of('commit')}: {commit!r} is not the full id of a commit", hint)
    if not (isinstance(template, str) and template):
        raise Stop(111, f"{PIN}:{line_of('template')}: {template!r} is not a template's address", "cruft link TEMPLATE")
    return template, commit


def line_of(key):
    lines = PIN.read_text(encoding="utf-8").splitlines()
    return next((at for at, line in enumerate(lines, 1) if line.lstrip().startswith(f'"{key}"')), 1)


def cache():
    base = os.environ.get("XDG_CACHE_HOME", "")
    return Path(base if base.startswith("/") else os.path.expanduser("~/.cache"), "devenv")


def is_complete(entry):
    return (entry / "MANIFEST").is_file() and (entry / ENTRY).is_file()


def address(template):
    """What git is given. A relative address starts from this repository's own remote, as a submodule's does."""
    short, colon, rest = template.partition(":")
    if colon and short in SHORT:
        return SHORT[short].format(rest)
    if template.startswith("~"):
        return os.path.expanduser(template)
    if not re.match(r"\.\.?(/|$)", template):
        return template
    base = os.fsdecode(run(ROOT, "remote", "get-url", "origin").stdout).rstrip("\n")
    base = base or os.fsdecode(run(ROOT, "rev-parse", "--show-toplevel").stdout).rstrip("\n") or str(ROOT)
    host, mark, path = base.partition("://") if "://" in base else ("", "", base)
    if not mark and not path.startswith("/") and ":" in path:
        host, mark, path = path.partition(":")
    return f"{host}{mark}{posixpath.normpath(posixpath.join(path, template))}"


def fetch(template, commit, entry):
    """Make the entry of a commit, or find that another process has made it meanwhile."""
    if not shutil.which("git"):
        hint = "install git (Debian and Ubuntu: apt-get install git)"
        raise Stop(110, f"git is not on the path, and the tools of {commit[:12]} are not on this machine", hint)
    for folder in (cache(), entry.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(entry.with_name(f".{commit}.lock")):
        if is_complete(entry):
            return
        for left in entry.parent.glob(f".{commit}.*-part"):  # of processes that were killed: we hold the lock
            shutil.rmtree(left, ignore_errors=True)
        part = Path(tempfile.mkdtemp(prefix=f".{commit}.", suffix="-part", dir=entry.parent))
        try:
            tell(f"fetching the tools of {commit[:12]} from {masked(template)} …")
            source = Source(part, address(template), commit)
            write(source.with_files(), commit, part / "entry")
            if os.path.lexists(entry):  # something removed files from it
                os.rename(entry, part / "damaged")
            try:
                os.rename(part / "entry", entry)
            except OSError:
                if not is_complete(entry):  # else another process was faster, where locks do not work
                    raise
        finally:
            shutil.rmtree(part, ignore_errors=True)


class Source:
    """The template as git reaches it, in bare repositories below `folder` that hold what was fetched."""

    def __init__(self, folder, url, commit):
        self.folder, self.url, self.commit = folder, url, commit

    def with_files(self):
        """A repository with the files of the commit. Only commits of a branch or tag: hosts also hand out any commit
        of a fork, by its hash."""
        listed = self.git(None, "ls-remote", "--", self.url, "HEAD", "refs/heads/*", "refs/tags/*")
        refs = dict(line.split("\t") for line in os.fsdecode(listed).splitlines())
        ready = self.shallow("tip", refs[self.commit].replace("^{}", "")) if self.commit in refs else None
        if ready:
            return ready
        # On a detached HEAD, a checkout may have commits that no branch of it holds.
        self.names = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        self.names += ["+HEAD:refs/head"] if "HEAD" in refs.values() else []
        ready = self.shallow("bare", self.commit)
        history = self.history("commits", "--filter=tree:0") if ready else self.everything()
        named = run(history, "for-each-ref", "--count=1", "--contains", self.commit).stdout
        if not named:
            message = f"the template {masked(self.url)} has the commit {self.commit[:12]} on no branch and no tag"
            raise Stop(110, message, *self.hints("push it there; or take a commit that is there: inv template.update"))
        return ready or history

    def shallow(self, name, ref):
        """The commit alone; None if the server has it under no such name, or refuses to hand out a bare commit."""
        git_dir = self.init(name)
        run(git_dir, "fetch", "--quiet", "--no-tags", "--depth=1", "origin", ref)
        return git_dir if run(git_dir, "cat-file", "-e", f"{self.commit}^{{tree}}").returncode == 0 else None

    def everything(self):
        tell("the server hands out branches and tags only: fetching the whole history …")
        return self.history("everything")

    def history(self, name, *how):
        git_dir = self.init(name)
        self.git(git_dir, "fetch", "--quiet", "--no-tags", *how, "origin", *self.names)
        return git_dir

    def init(self, name):
        git_dir, kind = self.folder / name, "sha1" if len(self.commit) == 40 else "sha256"
        self.git(None, "init", "--quiet", "--bare", "--template=", f"--object-format={kind}", str(git_dir))
        self.git(git_dir, "config", "remote.origin.url", self.url)
        return git_dir

    def git(self, git_dir, *words):
        """What git prints. Stop 110 with all that git says if it fails."""
        done = run(git_dir, *words)
        if done.returncode:
            said = masked(os.fsdecode(done.stderr).strip()) or f"git {words[0]} ended with {done.returncode}"
            lines = "\n".join(f"  {line}" for line in said.splitlines())
            message = f"the tools of {self.commit[:12]} could not be fetched from {masked(self.url)}:\n{lines}"
            raise Stop(110, message, *self.hints(f"check that you have access: git ls-remote {masked(self.url)}"))
        return done.stdout

    def hints(self, first):
        moved = f"if the template moved: git config --global url.NEW.insteadOf {masked(self.url)}"
        if self.url.startswith("/"):  # it was generated from a folder, or from a commit that was never pushed
            moved = "if that folder is on another machine: push the template, and write its URL into .cruft.json"
        vendor = "or let someone who has access put the tools into this repository: inv template.vendor"
        return first, moved, vendor


def run(where, *words):
    """Run git. `where`: a bare repository, a folder to start in, or None for a place without a repository."""
    env = {name: value for name, value in os.environ.items() if not REPOSITORY.match(name)}
    env.update(LC_ALL="C", GIT_NO_LAZY_FETCH="1")
    if not (sys.stdin and sys.stdin.isatty()):  # nobody can answer a question
        env["GIT_TERMINAL_PROMPT"] = "0"
        if not {"GIT_SSH", "GIT_SSH_COMMAND"} & {*env}:
            own = subprocess.run(["git", "config", "core.sshCommand"], cwd="/", env=env, stdout=subprocess.PIPE)
            env["GIT_SSH_COMMAND"] = f"{os.fsdecode(own.stdout).strip() or 'ssh'} -o BatchMode=yes"
    place = ["-C", str(where)] if where == ROOT else ["--git-dir", str(where)] if where else []
    options = [word for setting in (*PLAIN, *PATIENCE) for word in ("-c", setting)]
    return subprocess.run(
        ["git", *place, *options, *words], cwd="/", env=env, stdin=subprocess.DEVNULL, capture_output=True
    )


def write(git_dir, commit, folder):
    """Write the files of a commit straight from git's objects: no filter, hook or line ending changes them."""
    listed = run(git_dir, "ls-tree", "-r", "-z", commit).stdout
    rows = [row.split(b"\t", 1) for row in listed.split(b"\0") if row]
    files = [(about.split()[0], about.split()[2], os.fsdecode(name)) for about, name in rows if b" blob " in about]
    argv = ["git", "--git-dir", str(git_dir), "cat-file", "--batch"]
    env = {name: value for name, value in os.environ.items() if not REPOSITORY.match(name)}
    asked = b"".join(blob + b"\n" for _, blob, _ in files)
    reader = subprocess.run(argv, cwd="/", env=env, input=asked, capture_output=True)
    sums, at, said = [], 0, memoryview(reader.stdout)
    for mode, _, name in files:
        end = reader.stdout.index(b"\n", at)
        size = int(bytes(said[at:end]).split()[2])
        content = said[end + 1 : end + 1 + size]
        at = end + size + 2
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if mode == b"120000":
            path.symlink_to(os.fsdecode(bytes(content)))
            continue
        path.write_bytes(content)
        if mode == b"100755":
            path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
    with open(folder / "MANIFEST", "w", encoding="utf-8", errors="surrogateescape") as page:
        page.writelines(sums)
        page.flush()
        os.fsync(page.fileno())


def prepare(tools):
    """The path of the environment that the tools run in, made by their own bootstrap."""
    home = str(cache() / "environments")
    argv = [sys.executable, "-I", "-B", str(tools / "devenv" / "bootstrap.py"), "--in", home]
    done = subprocess.run([*argv, str(tools / "devenv" / "requirements.txt")], stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(done.returncode)  # it has said why
    return os.fsdecode(done.stdout).rstrip("\n")


@contextmanager
def locked(path):
    """Hold a lock. Waiting is reported after a second. Where locks do not work, the rename decides."""
    with open(path, "w") as held:
        before = signal.signal(signal.SIGALRM, lambda *_: tell("waiting for another command that fetches them …"))
        signal.alarm(1)
        with suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_EX)
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        yield


def masked(text):
    """Without the logins in addresses."""
    return re.sub(r"(\w://)[^@/\s]*@", r"\1", text)


def tell(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Stop as stop:
        tell(f"error[{stop.code}]: {stop.message}")
        for hint in stop.hints:
            tell(f"hint: {hint}")
        sys.exit(stop.code)
    except OSError as problem:
        tell(f"error[110]: the tools could not be put into {cache()}: {problem}")
        tell("hint: check the free space and the owner (df -h; ls -ld), or move the cache: XDG_CACHE_HOME=FOLDER")
        sys.exit(110)
    except KeyboardInterrupt:
        tell("error[130]: interrupted")
        sys.exit(130)
