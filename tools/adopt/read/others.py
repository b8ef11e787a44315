"""Languages that have no stack here: recognised by their manifests, so that they are not taken for another one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tools.adopt.found import Commands, Found, Open, Store
from tools.adopt.read.containers.docker import Image
from tools.adopt.read.packages.project import Project
from tools.adopt.read.programs import makefile
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import json_of, table


@dataclass(frozen=True)
class Language:
    """`image`: with the version's place, and the one for no version. `develop`, `test`, `migrate`: by a file's name."""

    title: str
    manifests: tuple[str, ...]
    image: str
    usual: str
    version: tuple[tuple[str, str], ...]
    develop: tuple[tuple[str, str], ...] = ()
    test: tuple[tuple[str, str], ...] = ()
    migrate: tuple[tuple[str, str], ...] = ()


RAILS = "bin/rails"
# A new one is a row here, and a row in its test.
LANGUAGES = {
    "php": Language(
        *("PHP", ("composer.json",), "php:{}-cli", "8.3", (("composer.json", r'"php"\s*:\s*"[^\d"]*(\d+\.\d+)'),)),
        (
            ("artisan", "php artisan serve --host {bind} --port {port}"),
            ("bin/console", "php -S {bind}:{port} -t public"),
        ),
        (("artisan", "php artisan test"), ("phpunit.xml*", "vendor/bin/phpunit")),
        (("artisan", "php artisan migrate --force"), ("bin/console", "php bin/console doctrine:migrations:migrate -n")),
    ),
    "ruby": Language(
        *("Ruby", ("Gemfile",), "ruby:{}-slim", "3.3"),
        ((".ruby-version", r"^(?:ruby-)?(\d+\.\d+)"), ("Gemfile", r"^\s*ruby\s+[\"'][^\d\"']*(\d+\.\d+)")),
        ((RAILS, "bin/rails server -b {bind} -p {port}"), ("config.ru", "bundle exec rackup -o {bind} -p {port}")),
        ((".rspec", "bundle exec rspec"), (RAILS, "bin/rails test")),
        ((RAILS, "bin/rails db:migrate"),),
    ),
    "go": Language(
        *("Go", ("go.mod",), "golang:{}", "1.23", (("go.mod", r"^go\s+(\d+\.\d+)"),)),
        (("main.go", "go run ."),),
        (("*_test.go", "go test ./..."),),
    ),
    "java": Language(
        *("Java", ("pom.xml", "build.gradle", "build.gradle.kts"), "eclipse-temurin:{}", "21"),
        (
            ("pom.xml", r"<(?:java\.version|maven\.compiler\.(?:source|release))>(\d+)<"),
            ("build.gradle*", r"(?:sourceCompatibility|languageVersion)\D*(\d+)"),
        ),
        (("mvnw", "./mvnw spring-boot:run"), ("gradlew", "./gradlew bootRun")),
        (("mvnw", "./mvnw test"), ("gradlew", "./gradlew test"), ("pom.xml", "mvn test")),
    ),
    "rust": Language(
        *("Rust", ("Cargo.toml",), "rust:{}", "1", (("Cargo.toml", r"^rust-version\s*=\s*[\"'](\d+\.\d+)"),)),
        (("src/main.rs", "cargo run"),),
        (("Cargo.toml", "cargo test"),),
    ),
    "elixir": Language(
        *("Elixir", ("mix.exs",), "elixir:{}", "1.17", (("mix.exs", r"elixir:\s*\"[^\d\"]*(\d+\.\d+)"),)),
        (("mix.exs", "mix phx.server"),),
        (("mix.exs", "mix test"),),
        (("priv/repo/migrations/*", "mix ecto.migrate"),),
    ),
    "dotnet": Language(
        *(".NET", ("*.sln", "*.csproj", "*.fsproj"), "mcr.microsoft.com/dotnet/sdk:{}", "8.0"),
        (("*.csproj", r"<TargetFramework>net(\d+\.\d+)"),),
        (("*.csproj", "dotnet watch run"),),
        (("*.sln", "dotnet test"),),
    ),
}
# Drivers of databases, as the manifests of all languages name them.
DRIVERS = {
    "postgres": r"""gem ["']pg["']|/(?:lib/pq|jackc/pgx)\b|:postgrex\b|org\.postgresql\b|\bNpgsql\b"""
    r"""|\btokio-postgres\b|"ext-(?:pdo_)?pgsql\"""",
    "mysql": r"""gem ["'](?:mysql2|trilogy)["']|/go-sql-driver/mysql\b|:myxql\b|\bmysql-connector|\bMySqlConnector\b"""
    r"""|"ext-(?:pdo_mysql|mysqli)\"""",
}
MIGRATIONS = ("db/migrate", "database/migrations", "priv/repo/migrations", "db/migrations", "migrations")
SCHEMES = {"mysql": "mysql2", "postgres": "postgres"}  # Rails' names of its adapters
SERVES = re.compile(r"\b(node|ts-node|tsx|nodemon|next|nest|nuxt|npm run)\b")


def language_of(files: Files, project: Project | None, framework: Found | None) -> Found | None:
    """The language of a manifest in the folder, unless a service of Python or Node is there, too."""
    if framework or (project and project.language.value == "python" and files.has("manage.py")):
        return None
    start = project.scripts.get("start") if project and project.language.value == "node" else None
    if start and SERVES.search(start.value):
        return None
    for name, language in LANGUAGES.items():
        depth = 1 if name == "dotnet" else 0
        manifest = next(iter(files.named(*language.manifests, depth=depth)), None)
        if manifest:
            return Found(name, manifest)
    return None


def version(files: Files, name: str) -> Found | None:
    """The version that a file names."""
    for pattern, text in LANGUAGES[name].version:
        found = files.first(re.compile(text, re.MULTILINE), files.named(pattern, depth=1))
        if found:
            return found
    return None


def commands(files: Files, name: str, images: list[Image]) -> Commands:
    """The image's command; the Makefile's tests, else the language's; its framework's migrations."""
    language = LANGUAGES[name]
    run = images[0].runs if images else None
    said = [one for one in (run.entrypoint, run.command) if one] if run else []
    own = Found(" ".join(one.value for one in said), said[0].where) if said else None
    scripts = table(json_of(files, "composer.json"), "scripts")
    composer = Found("composer test", files.where("composer.json", r'"test"\s*:')) if "test" in scripts else None
    return Commands(
        develop=_by_file(files, language.develop),
        serve=own,
        test=makefile.test(files) or composer or _by_file(files, language.test),
        migrate=_by_file(files, language.migrate),
    )


def database(files: Files, name: str) -> Store | None:
    """The database of a driver in the manifest. Rails takes its address from DATABASE_URL, whatever its files say."""
    manifests = files.named(*LANGUAGES[name].manifests, depth=1 if name == "dotnet" else 0)
    for kind, pattern in DRIVERS.items():
        found = next(files.search(re.compile(pattern), manifests), None)
        if found:
            rails = is_rails(files)
            url = {"url": Found("DATABASE_URL", rails.where)} if rails else {}
            return Store(Found(kind, found[1]), variables=url, scheme=SCHEMES[kind] if rails else "")
    return None


def without_tls(database: Store | None, name: str) -> Store | None:
    """The database with the option without which Go's drivers of PostgreSQL ask for TLS."""
    if database and name == "go" and database.kind.value == "postgres" and "sslmode" not in database.options:
        return replace(database, options="&".join(filter(None, (database.options, "sslmode=disable"))))
    return database


def migration_files(files: Files) -> tuple[str, ...]:
    """The patterns of the folders that migrations usually are in."""
    return tuple(f"{folder}/**" for folder in MIGRATIONS if any(name.startswith(f"{folder}/") for name in files.names))


def is_rails(files: Files) -> Found | None:
    return files.first(re.compile(r"""^\s*gem ["'](rails)["']""", re.MULTILINE), ["Gemfile"])


def of_production(files: Files, images: list[Image]) -> tuple[dict[str, Found], list[Open]]:
    """What Rails needs if its image runs as production: a key, and pages without https."""
    rails = is_rails(files)
    mode = images[0].runs.environment.get("RAILS_ENV") if images and rails else None
    if not (rails and mode and mode.value == "production"):
        return {}, []
    key = {"SECRET_KEY_BASE": Found("development-only", mode.where)}
    page = "config/environments/production.rb"
    forced = files.first(re.compile(r"^\s*config\.(force_ssl)\s*=\s*true", re.MULTILINE), [page])
    if not forced:
        return key, []
    what = Found(
        f"config.force_ssl sends every page to https, and the image runs as production, {mode.where}", forced.where
    )
    return key, [Open(what, f'in {page}: config.force_ssl = ENV["FORCE_SSL"] != "false"')]


def _by_file(files: Files, table_: Iterable[tuple[str, str]]) -> Found | None:
    for pattern, command in table_:
        found = [name for name in (pattern,) if files.has(name)] or [
            name for name in files.named(pattern.rpartition("/")[2]) if "*" in pattern and _fits(name, pattern)
        ]
        if found:
            return Found(command, found[0])
    return None


def _fits(name: str, pattern: str) -> bool:
    folder = pattern.rpartition("/")[0]
    return not folder or name.startswith(f"{folder}/")
