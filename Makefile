# The tasks of this repository. Each target sets up everything itself; you only need python3, git and make.
BIN := .venv/bin
PYTHON := $(BIN)/python
DOCS := build/docs/bin
PAGES = $$(git ls-files '*.md' ':!{{cookiecutter.repo_name}}' ':!templates')
# Twice CI's two cores: half of the time is spent waiting for engines and healthchecks.
WORKERS ?= 4
PYTEST = $(PYTHON) -m pytest -n $(WORKERS)
# Without what make hands to the makes that tests start: -j, -k.
ALONE := env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL
# The tests that need no container engine run without one.
HIDDEN := $(ALONE) -u DEVENV_REQUIRE_ENGINE DOCKER_HOST=unix:///nonexistent
SLOW := $() and not slow
NONE := 5# pytest's exit code when ARGS chose no test of this half

.DEFAULT_GOAL := help
CARRIED := '{{cookiecutter.repo_name}}/.dev/fetch.py' '{{cookiecutter.repo_name}}/tasks.py'

.PHONY: help demo test test-all test.native test.containers lint docs reference recording bench soak retrofit.results requirements locks release clean venv contract.check fleet.check

help: ## list the targets
	@awk -F ':.* ## ' '/^[a-z.-]*:.* ## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

demo: venv ## make two services in build/demo, bring them up, log in across both (ARGS=--remove removes them)
	@$(PYTHON) -m maintain.demo $(ARGS)

test: test.native test.containers ## run the tests, native ones first; without a container engine only those (ARGS="-k up")

test-all: SLOW :=
test-all: test.native test.containers ## run all tests, including the slow ones

test.native: venv
	$(HIDDEN) $(PYTEST) -m "not engine$(SLOW)" $(ARGS) || [ $$? = $(NONE) ]

test.containers: venv
	$(ALONE) $(PYTEST) -m "engine$(SLOW)" $(ARGS) || [ $$? = $(NONE) ]

contract.check: venv ## check any repository against CONTRACT.md (ARGS="PATH --static")
	@$(PYTHON) tests/contract/check.py $(value ARGS)

fleet.check: venv ## check many repositories, and how far they are behind (ARGS="LIST --html fleet.html")
	@$(PYTHON) -m tools.fleet $(value ARGS)

lint: venv ## check style, types, the layers of devenv/ and the words of the pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	# What services carry is hidden from their linters, and so from these two calls.
	$(BIN)/ruff check --config pyproject.toml --ignore-noqa $(CARRIED)
	@for file in $(CARRIED); do grep -v '^# fmt: off$$' "$$file" | \
		$(BIN)/ruff format --check --config pyproject.toml --stdin-filename "$$file" - || exit 1; done
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports
	$(PYTHON) -m maintain.prose

docs: venv ## build the pages as a site in build/site, with links and spelling checked
	@$(PYTHON) -m maintain.reference --check
	@{ [ -x $(DOCS)/python ] && [ "$$(cat build/docs/place 2>/dev/null)" = "$(CURDIR)/build/docs" ] && \
		cmp -s docs/requirements.txt build/docs/requirements.txt; } || python3 -I devenv/bootstrap.py --needs 3.10 build/docs docs/requirements.txt
	$(DOCS)/codespell $(PAGES)
	$(DOCS)/python -m maintain.site
	NO_MKDOCS_2_WARNING=1 $(DOCS)/mkdocs build --quiet --strict

reference: venv ## write docs/reference/ from the tasks and the schema of dev.yaml
	@$(PYTHON) -m maintain.reference

recording: venv ## record docs/recording.svg: a new service is made, started and reset, natively
	@$(PYTHON) -m maintain.recording

bench: venv ## compare our commands with plain Compose, for one service and three (ARGS="--only stack")
	@$(PYTHON) -m maintain.bench $(ARGS)

soak: venv ## use a service for many days, and count what stays (ARGS="--cycles 200 --engine native")
	@$(PYTHON) -m maintain.soak $(ARGS)

retrofit.results: venv ## retrofit and start applications of others, and write docs/retrofit-results.md (ARGS="byro")
	@$(PYTHON) -m maintain.retrofit $(ARGS)

requirements: venv ## update requirements.txt from requirements.in (ARGS="--upgrade")
	$(BIN)/uv pip compile -q --universal --python-version 3.10 --generate-hashes --custom-compile-command 'make requirements' $(ARGS) requirements.in -o requirements.txt
	cd tests/contract && ../../$(BIN)/uv pip compile -q --universal --python-version 3.9 --generate-hashes --custom-compile-command 'make requirements' $(ARGS) requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.10 --generate-hashes --custom-compile-command 'make requirements' $(ARGS) docs/requirements.in -o docs/requirements.txt
	cd tools/adopt && ../../$(BIN)/uv pip compile -q --universal --python-version 3.10 --generate-hashes --custom-compile-command 'make requirements' -c ../../requirements.txt $(ARGS) requirements.in -o requirements.txt

locks: venv ## lock the dependencies of the stacks again, for all answers (ARGS="fastapi --upgrade")
	@$(PYTHON) -m maintain.locks $(ARGS)

release: venv ## release the current commit (VERSION=1.2.3): changelog, upgrade tests, tag, releases.txt
	@$(PYTHON) -m maintain.release '$(VERSION)'

clean: ## remove everything that the targets made; first remove a running demo: make demo ARGS=--remove
	rm -rf .venv .venv.lock build .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis

# The same bootstrap as in every service. Its copy of the requirements decides, not the times of files.
venv:
	@{ [ -x $(PYTHON) ] && [ "$$(cat .venv/place 2>/dev/null)" = "$(CURDIR)/.venv" ] && \
		cmp -s requirements.txt .venv/requirements.txt; } || python3 -I devenv/bootstrap.py --needs 3.10 .venv requirements.txt
