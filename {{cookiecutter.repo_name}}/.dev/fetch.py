# Owner: the template. Do not edit: updates replace this file.
# Your own settings of these tools are not meant for it.
# flake8: noqa
# isort: skip_file
# mypy: ignore-errors
# pylint: skip-file
# fmt: off
"""Find or fetch the tools that .cruft.json names, create their Python environment, and start them.

    python3 -I -B .dev/fetch.py INTERFACE NAME [TASK [FLAGS]]
    python3 -I -B .dev/fetch.py --fetch | --address

.dev/run calls it if the tools cannot be started at once. NAME: the file that gets the environment's path, for the next
call of .dev/run. The tools are looked for in DEVENV_TOOLS, in .dev/tools/, and in the cache; only there can they be
missing, and then they are fetched. An entry of the cache is the template at one commit, with a MANIFEST (the SHA-256
of each file) that is written last. It is made next to its place and renamed, so it is never seen half made.
Exit codes, as in CONTRACT.md: 110 something is missing, 111 wrong configuration, 130 interrupted; else the task's.
"""

import sys

try:
    import fcntl
    import hashlib
    import json
    import os
    import posixpath
    import pwd
    import re
    import runpy
    import shlex
    import shutil
    import signal
    import stat
    import subprocess
    import tempfile
    from contextlib import contextmanager, suppress
    from functools import lru_cache
    from pathlib import Path
except KeyboardInterrupt:  # the end of this file handles later ones
    print("error[130]: interrupted", file=sys.stderr)
    sys.exit(130)

DEV = Path(__file__).resolve().parent
ROOT = DEV.parent
PIN = ROOT / ".cruft.json"
NEEDED = ("devenv/__main__.py", "devenv/bootstrap.py", "devenv/requirements.txt")
# cookiecutter's abbreviations.
SHORT = {"gh": "https://github.com/{}.git", "gl": "https://gitlab.com/{}.git", "bb": "https://bitbucket.org/{}"}
# Variables that point git to a repository, as in a git hook: `git rev-parse --local-env-vars`, and more.
REPOSITORY = re.compile(
    "GIT_(ALTERNATE_OBJECT_DIRECTORIES|CEILING_DIRECTORIES|COMMON_DIR|CONFIG|DEFAULT_HASH|DIR|GRAFT_FILE|INDEX_FILE"
    "|IMPLICIT_WORK_TREE|INTERNAL_SUPER_PREFIX|NAMESPACE|NO_REPLACE_OBJECTS|OBJECT_DIRECTORY|PREFIX|QUARANTINE_PATH"
    "|REPLACE_REF_BASE|SHALLOW_FILE|TEMPLATE_DIR|WORK_TREE)$"
)
# The user's hooks, formats and background work must not affect the cache's repositories.
PLAIN = ("core.hooksPath=/dev/null", "maintenance.auto=false", "gc.auto=0", "fetch.recurseSubmodules=false")
PLAIN += ("init.defaultObjectFormat=sha1", "init.defaultBranch=main")
PATIENCE = ("http.lowSpeedLimit=1", "http.lowSpeedTime=60")  # bytes per second; seconds
REMOTE = "devenv-template"  # the user's settings may be about a remote named origin
# Where a person names their network's authorities: the same ones as in the tools, but for git's own.
AUTHORITIES = ("CA_BUNDLE", "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
AUTHORITIES += ("CURL_CA_BUNDLE",)
SPACE = "check the free space and the owner (df -h; ls -ld), or move the cache: XDG_CACHE_HOME=FOLDER"


class Told(Exception):
    """The lines of an error, as another program of ours prints them."""


class Stop(Exception):
    """What happened and what to do about it: one error line, and hint lines."""

    def __init__(self, code, message, *hints):
        super().__init__(message)
        self.code, self.message, self.hints = code, message, hints


def main(interface, name="", *words):
    if sys.version_info < (3, 9):
        have = "Python 3.9 or newer is needed, and {} is {}.{}".format(sys.executable, *sys.version_info)
        raise Stop(110, have, "put a newer python3 first on the path")
    if interface == "--fetch":  # for template.vendor: only the folder of the tools that .cruft.json names
        sys.stdout.buffer.write(os.fsencode(cached()) + b"\n")
        return
    if interface == "--address":  # for template.update: where git finds the template
        sys.stdout.buffer.write(os.fsencode(address(pin()[0])) + b"\n")
        return
    tools, made = find(name)
    launch = tools / "devenv" / "base" / "launch.py"
    if launch.is_file():  # before the environment: tools of another interface may create it in another way
        wrong = runpy.run_path(str(launch))["mismatch"](interface, ROOT)
        if wrong:
            raise Told(wrong)
    environment = prepare(tools)
    with suppress(OSError):  # a read-only cache works too, but slower
        made.parent.mkdir(parents=True, exist_ok=True)
        draft = made.with_name(f"{made.name}.{os.getpid()}")
        draft.write_bytes(os.fsencode(environment) + b"\n")
        os.replace(draft, made)
    python = os.path.join(environment, "bin", "python")
    os.execv(python, [python, "-I", str(tools / "devenv"), interface, str(ROOT), *words])


def find(name):
    """The folder of the tools, fetched if need be; and the file that gets the environment's path."""
    given = os.environ.get("DEVENV_TOOLS")
    if not given and not os.path.lexists(DEV / "tools"):
        entry = cached()
        return entry, entry / f".{name}"
    tools = Path(given).absolute() if given else DEV / "tools"
    missing = flaw(tools)
    if missing and given:
        message = f"DEVENV_TOOLS={given}: not a checkout of the template: {missing} is missing"
        raise Stop(2, message, "unset DEVENV_TOOLS")
    if missing:
        message = f"{tools}: the tools in this repository are incomplete: {missing} is missing"
        raise Stop(110, message, f"git -C {shlex.quote(str(ROOT))} checkout HEAD -- .dev/tools")
    return tools, DEV / "local" / name


def cached():
    """The entry of the cache for the commit that .cruft.json names."""
    template, commit = pin()
    entry = cache() / "tools" / commit
    if flaw(entry, exactly=True):
        fetch(template, commit, entry)
    return entry


def flaw(tools, exactly=False):
    """The first file that is missing or, with `exactly`, differs from MANIFEST. Virus scanners remove files."""
    try:
        listed = (tools / "MANIFEST").read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError:
        listed = []
    sums = {line[66:]: line[:64] for line in listed if line and not line.startswith("../", 66)}
    for name in (*NEEDED, *sums):
        if not (tools / name).is_file() or (exactly and digest((tools / name).read_bytes()) != sums.get(name)):
            return name
    return None


def digest(content):
    return hashlib.sha256(content).hexdigest()


def pin():
    """The template and the commit that .cruft.json names."""
    restore = f"git -C {shlex.quote(str(ROOT))} checkout HEAD -- .cruft.json"
    try:
        content = PIN.read_bytes()
    except OSError as error:
        hint = f"{restore}; or from a checkout of the template: inv template.retrofit PATH"
        message = f"{PIN}:1: it names the tools' template and commit, and cannot be read: {error.strerror}"
        raise Stop(111, message, hint) from None
    for at, line in enumerate(content.split(b"\n"), 1):
        if re.match(rb"(<{7}|\|{7}|={7}|>{7})(\s|$)", line):
            hint = "choose one side, and take .dev/ from the same side: git checkout --theirs .cruft.json .dev"
            raise Stop(111, f"{PIN}:{at}: a merge left a conflict here", hint)
    try:
        known = json.loads(content.decode("utf-8-sig"))
    except ValueError as error:
        at = getattr(error, "lineno", 0) or content.count(b"\n", 0, error.start) + 1
        raise Stop(111, f"{PIN}:{at}: not as cookiecutter and cruft write it: {error}", restore) from None
    for key in ("template", "commit"):
        value = known.get(key) if isinstance(known, dict) else None
        if not (isinstance(value, str) and value):
            raise Stop(111, f'{PIN}:{line_of(key)}: "{key}" is missing or not a text', restore)
    template, commit = known["template"], known["commit"]
    if not re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", commit):
        hint = f"write all 40 digits (or 64, with SHA-256): git ls-remote {shlex.quote(masked(template))}"
        raise Stop(111, f"{PIN}:{line_of('commit')}: {commit!r} is not the full id of a commit", hint)
    return template, commit


def line_of(key):
    before, found, _ = PIN.read_bytes().partition(f'"{key}"'.encode())
    return before.count(b"\n") + 1 if found else 1


def cache():
    base = os.environ.get("XDG_CACHE_HOME", "")
    if base.startswith("/"):
        return Path(base, "devenv")
    try:
        return Path(os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir, ".cache", "devenv").absolute()
    except KeyError:
        raise Stop(110, "HOME is not set, and the cache of the tools is there", "export HOME=FOLDER") from None


def address(template):
    """The address for git. A relative one starts from this repository's remote, like a submodule's."""
    short, colon, rest = template.partition(":")
    if colon and short in SHORT:
        return SHORT[short].format(rest)
    if template.startswith("~"):
        return os.path.expanduser(template)
    if not re.match(r"\.\.?(/|$)", template):
        return template
    base = remote()
    host = re.match(r"\w[\w+.-]*://[^/]*/|[^/:]+:|", base).group()
    return host + posixpath.normpath(posixpath.join(base[len(host) :], template))


def remote():
    """The remote of the current branch, else origin, else the only one. Without one: this repository's folder."""

    def read(*words):
        return os.fsdecode(run(ROOT, "-c", "safe.directory=*", *words).stdout).rstrip("\n")

    top = os.path.normpath(os.path.join(ROOT, read("rev-parse", "--git-common-dir") or ".git"))
    # A linked worktree may be anywhere: a path starts from the main one.
    top = os.path.dirname(top) if top.endswith("/.git") else read("rev-parse", "--show-toplevel") or str(ROOT)
    rows = read("config", "--null", "--get-regexp", r"^(remote\..*\.url|branch\..*\.remote)$").split("\0")
    known = dict(row.split("\n", 1) for row in rows if "\n" in row)
    urls = {key[len("remote.") : -len(".url")]: url for key, url in known.items() if key.startswith("remote.")}
    names = (known.get(f"branch.{read('symbolic-ref', '-q', '--short', 'HEAD')}.remote"), "origin", *urls)
    url = next((urls[name] for name in names[: 3 if len(urls) == 1 else 2] if name in urls), top)
    return url if re.match("[^/]+:", url) else os.path.join(top, url)


def fetch(template, commit, entry):
    """Make the entry of a commit, unless another process has made it meanwhile."""
    if not shutil.which("git"):
        hint = "install git (Debian and Ubuntu: apt-get install git)"
        raise Stop(110, f"git is not on the path, and the tools of {commit[:12]} are not on this machine", hint)
    for folder in (cache(), entry.parent):
        folder.mkdir(parents=True, exist_ok=True)
    with locked(entry.with_name(f".{commit}.lock")):
        if not flaw(entry, exactly=True):
            return
        for left in entry.parent.glob(f".{commit}.*-part"):  # of processes that were killed: we hold the lock
            shutil.rmtree(left, ignore_errors=True)
        part = Path(tempfile.mkdtemp(prefix=f".{commit}.", suffix="-part", dir=entry.parent))
        try:
            tell(f"fetching the tools of {commit[:12]} from {masked(template)} …")
            source = Source(part, address(template), commit)
            source.write(source.with_files(), part / "entry")
            missing = flaw(part / "entry")
            if missing:
                where = f"{PIN}:{line_of('commit')}"
                message = f"{where}: the template at {commit[:12]} has no tools that .dev/run can start: no {missing}"
                hint = "take .dev/ and .cruft.json from one release: git log --oneline -- .cruft.json .dev/run"
                raise Stop(111, message, hint)
            publish(part, entry)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def publish(part, entry):
    """Rename the new entry to its place. Another process may have been faster, if locks do not work here."""
    with suppress(FileNotFoundError):
        if flaw(entry, exactly=True):
            os.rename(entry, part / "damaged")
    try:
        os.rename(part / "entry", entry)
    except OSError:
        if flaw(entry, exactly=True):
            raise


class Source:
    """The template's repository, fetched into bare repositories below `folder`."""

    def __init__(self, folder, url, commit):
        self.folder, self.url, self.commit = folder, url, commit

    def with_files(self):
        """A repository with the files of the commit. Only commits of a branch or tag: hosts also hand out any commit
        of a fork, by its hash."""
        listed = self.git(None, "ls-remote", "--", self.url, "HEAD", "refs/heads/*", "refs/tags/*")
        rows = [row.split("\t") for row in os.fsdecode(listed).splitlines()]
        # git also lists refs that only end with these names.
        refs = {made: ref for made, ref in rows if re.match("HEAD$|refs/heads/|refs/tags/", ref)}
        ready = self.shallow("tip", refs[self.commit].replace("^{}", "")) if self.commit in refs else None
        if ready:
            return ready
        # On a detached HEAD, a checkout may have commits that are on no branch.
        names = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        names += ["+HEAD:refs/head"] if "HEAD" in refs.values() else []
        ready = self.shallow("bare", self.commit)
        if not ready:
            tell("the server does not hand out this commit alone: fetching the whole history …")
        history = self.init("history")
        fewer = ["--filter=tree:0"] if ready else []
        self.git(history, "fetch", "--quiet", "--no-tags", "--update-shallow", *fewer, REMOTE, *names)
        if not run(history, "for-each-ref", "--count=1", "--contains", self.commit).stdout:
            message = f"the template {masked(self.url)} has the commit {self.commit[:12]} on no branch and no tag"
            raise Stop(110, message, *self.hints("push it there; or use .cruft.json and .dev/ of another commit"))
        return ready or history

    def shallow(self, name, ref):
        """The commit alone; None if the server does not have it, or refuses to send a bare commit."""
        git_dir = self.init(name)
        fetched = run(git_dir, "fetch", "--quiet", "--no-tags", "--depth=1", REMOTE, ref)
        if b"No space left" in fetched.stderr:
            raise self.failed("fetch", fetched)
        return git_dir if run(git_dir, "cat-file", "-e", f"{self.commit}^{{tree}}").returncode == 0 else None

    def init(self, name):
        git_dir = self.folder / name
        kind = ["--object-format=sha256"] if len(self.commit) == 64 else []  # git before 2.29 only supports SHA-1
        self.git(None, "init", "--quiet", "--bare", "--template=", *kind, str(git_dir))
        self.git(git_dir, "config", f"remote.{REMOTE}.url", self.url)
        return git_dir

    def write(self, git_dir, folder):
        """Write the files straight from git's objects: no filter, hook or line ending changes them."""
        listed = self.git(git_dir, "ls-tree", "-r", "-z", self.commit)
        rows = [row.split(b"\t", 1) for row in listed.split(b"\0") if row]
        files = [(about.split()[0], about.split()[2], os.fsdecode(name)) for about, name in rows if b" blob " in about]
        read = self.git(git_dir, "cat-file", "--batch", text=b"".join(blob + b"\n" for _, blob, _ in files))
        sums, at = [], 0
        for mode, blob, name in files:
            end = read.index(b"\n", at)
            if read[at:end].endswith(b"missing"):
                raise Stop(110, f"{masked(self.url)} lacks {name} ({os.fsdecode(blob)})", *self.hints("git fsck"))
            content = read[end + 1 : end + 1 + int(read[at:end].split()[2])]
            at = end + 2 + len(content)
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if mode == b"120000":
                path.symlink_to(os.fsdecode(content))
                continue
            path.write_bytes(content)
            if mode == b"100755":
                path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
            sums.append(f"{digest(content)}  {name}\n")
        folder.mkdir(exist_ok=True)
        (folder / "MANIFEST").write_bytes(os.fsencode("".join(sums)))

    def git(self, git_dir, *words, text=b""):
        """git's output. If it fails, Stop 110 with all of git's messages."""
        done = run(git_dir, *words, text=text)
        if done.returncode:
            raise self.failed(words[0], done)
        return done.stdout

    def failed(self, word, done):
        reason = masked(os.fsdecode(done.stderr).strip()) or f"git {word} ended with {done.returncode}"
        lines = "\n".join(f"  {line}" for line in reason.splitlines())
        message = f"the tools of {self.commit[:12]} could not be fetched from {masked(self.url)}:\n{lines}"
        if "No space left" in reason:
            return Stop(110, message, SPACE)
        return Stop(110, message, *self.hints(f"check that you have access: git ls-remote {self.shown()}"))

    def shown(self):
        return shlex.quote(masked(self.url))

    def hints(self, first):
        moved = f"if the template moved: git config --global url.NEW.insteadOf {self.shown()}"
        if self.url.startswith("/"):  # it was generated from a folder, or from a commit that was never pushed
            moved = "if that folder is on another machine: push the template, and write its URL into .cruft.json"
        vendor = "or let someone who has access put the tools into this repository: inv template.vendor"
        return first, moved, vendor


def run(where, *words, text=b""):
    """Run git. `where`: a bare repository, a folder to start in, or None for a place without a repository."""
    place = ["-C", str(where)] if where == ROOT else ["--git-dir", str(where)] if where else []
    options = [word for setting in (*PLAIN, *PATIENCE) for word in ("-c", setting)]
    argv = ["git", *place, *options, *words]
    return subprocess.run(argv, cwd="/", env=variables(), input=text, capture_output=True)


@lru_cache(maxsize=None)
def variables():
    """The environment of git: the person's, but for what says which repository is meant."""
    env = {name: value for name, value in os.environ.items() if not REPOSITORY.match(name)}
    env.update(LC_ALL="C", GIT_NO_LAZY_FETCH="1")
    bundle = next((env[name] for name in AUTHORITIES if os.path.isfile(env.get(name, ""))), "")
    if bundle and "GIT_SSL_CAINFO" not in env:
        own = ["git", "config", "--get-regexp", r"^http\.(.*\.)?sslcainfo$"]
        if subprocess.run(own, cwd="/", env=env, stdout=subprocess.DEVNULL).returncode:
            env["GIT_SSL_CAINFO"] = bundle
    if not (sys.stdin and sys.stdin.isatty()):  # git must not ask questions
        env["GIT_TERMINAL_PROMPT"] = "0"
        if not {"GIT_SSH", "GIT_SSH_COMMAND"} & {*env}:
            own = subprocess.run(["git", "config", "core.sshCommand"], cwd="/", env=env, stdout=subprocess.PIPE)
            env["GIT_SSH_COMMAND"] = f"{os.fsdecode(own.stdout).strip() or 'ssh'} -o BatchMode=yes"
    return env


def prepare(tools):
    """The path of the tools' environment, made by their bootstrap.py."""
    argv = [sys.executable, "-I", "-B", str(tools / NEEDED[1]), "--in", str(cache() / "environments")]
    lines = []
    with subprocess.Popen([*argv, str(tools / NEEDED[2])], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as made:
        for line in map(os.fsdecode, made.stderr):
            if lines or line.startswith("error["):  # it comes last
                lines.append(line.rstrip("\n"))
            else:
                tell(line.rstrip("\n"))
        path = made.stdout.read()
    if lines and made.returncode == 110:
        raise Told("\n".join(lines))
    if made.returncode in (130, -signal.SIGINT):
        raise KeyboardInterrupt
    if made.returncode:
        raise Stop(110, f"{tools / NEEDED[1]} ended with {made.returncode}", "see above, and run it again")
    return os.fsdecode(path).rstrip("\n")


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
    """A text without the logins in addresses; the user name of ssh stays."""
    text = re.sub(r"(?i)(https?://)[^/\s]*@", r"\1", text)
    return re.sub(r"(\w://[^:/\s]*):[^/\s]*@", r"\1@", text)


def tell(text):
    print(text, file=sys.stderr, flush=True)


def fail(lines):
    """The end, with the lines of an error. With --json the answer on stdout is that of a verb that failed."""
    tell(lines)
    first, *hints = lines.split("\nhint: ")
    code, message = re.match(r"error\[(\d+)\]: ((?s:.*))", first).groups()
    words = sys.argv[3:]
    ours = words[:1] and words[0].startswith(("dev.", "contract.", "template."))  # another task may have another -j
    if ours and {"--json", "-j"} & {*(words[: words.index("--")] if "--" in words else words)}:
        error = {"code": int(code), "message": message, "hints": hints, "log": []}
        print(json.dumps({"steps": [], "timeline": [], "seconds": 0, "result": "", "error": error}))
    sys.exit(int(code))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Told as told:
        fail(str(told))
    except Stop as stop:
        fail("\nhint: ".join([f"error[{stop.code}]: {stop.message}", *stop.hints]))
    except OSError as problem:
        fail(f"error[110]: the tools could not be put into {cache()}: {problem}\nhint: {SPACE}")
    except KeyboardInterrupt:
        fail("error[130]: interrupted")
    except Exception as problem:
        hint = f"this is a bug of {__file__}: report it with the line above"
        fail(f"error[110]: the tools could not be found: {type(problem).__name__}: {problem}\nhint: {hint}")
