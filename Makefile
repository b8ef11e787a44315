# What you can do in this repository. Each target does its own set-up: python3, git and make are enough.
BIN := .venv/bin
PYTHON := $(BIN)/python
DOCS := build/docs/bin
PAGES = $$(git ls-files '*.md' ':!{{cookiecutter.repo_name}}' ':!templates')
# Twice the two cores that CI has: half of the time is waiting, for engines and healthchecks.
WORKERS ?= 4
PYTEST := $(PYTHON) -m pytest -n $(WORKERS)
# What is said to work without a container engine is tested where none answers.
HIDDEN := env -u DEVENV_REQUIRE_ENGINE DOCKER_HOST=unix:///nonexistent
NONE := 5# pytest's exit code when ARGS chose no test of this half

.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint docs reference recording bench requirements locks release clean venv contract.check fleet.check

help: ## say what can be made
	@sed -n 's/^\([a-z.-]*\):.* ## /make \1\t/p' Makefile | expand -t 20

demo: venv ## make two services in build/demo, bring them up, log in across both (ARGS=--remove removes them)
	@$(PYTHON) -m maintain.demo $(ARGS)

test: venv ## run the tests, the native ones first; without a container engine those that need none (ARGS="-k up")
	$(HIDDEN) $(PYTEST) -m "not engine and not slow" $(ARGS) || [ $$? = $(NONE) ]
	$(PYTEST) -m "engine and not slow" $(ARGS) || [ $$? = $(NONE) ]

test-all: venv ## run the tests that are too slow for every time, too
	$(HIDDEN) $(PYTEST) -m "not engine" $(ARGS) || [ $$? = $(NONE) ]
	$(PYTEST) -m "engine" $(ARGS) || [ $$? = $(NONE) ]

contract.check: venv ## check any repository against CONTRACT.md (ARGS="PATH --static")
	@$(PYTHON) tests/contract/check.py $(value ARGS)

fleet.check: venv ## check many repositories, and how far they are behind (ARGS="LIST --html fleet.html")
	@$(PYTHON) -m tools.fleet $(value ARGS)

lint: venv ## check style, types, the layers of devenv/ and the words of the pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports
	$(PYTHON) -m maintain.prose

docs: venv ## build the pages as a site in build/site, with links and spelling checked
	@$(PYTHON) -m maintain.reference --check
	@{ [ -x $(DOCS)/python ] && cmp -s docs/requirements.txt build/docs/requirements.txt; } || python3 -I devenv/bootstrap.py build/docs docs/requirements.txt
	$(DOCS)/codespell $(PAGES)
	$(DOCS)/python -m maintain.site
	NO_MKDOCS_2_WARNING=1 $(DOCS)/mkdocs build --quiet --strict

reference: venv ## write docs/reference/ from the tasks and the schema of dev.yaml
	@$(PYTHON) -m maintain.reference

recording: venv ## record docs/recording.svg: a new service is made, started and reset, natively
	@$(PYTHON) -m maintain.recording

bench: venv ## measure our commands beside raw Compose, one service and three (ARGS="--only stack")
	@$(PYTHON) -m maintain.bench $(ARGS)

requirements: venv ## make requirements.txt from requirements.in again (ARGS="--upgrade")
	$(BIN)/uv pip compile -q --universal --python-version 3.10 --generate-hashes --custom-compile-command 'make requirements' $(ARGS) requirements.in -o requirements.txt
	cd tests/contract && ../../$(BIN)/uv pip compile -q --universal --python-version 3.9 --generate-hashes --custom-compile-command 'make requirements' $(ARGS) requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.10 --generate-hashes --custom-compile-command 'make requirements' $(ARGS) docs/requirements.in -o docs/requirements.txt
	cd tools/adopt && ../../$(BIN)/uv pip compile -q --universal --python-version 3.10 --generate-hashes --custom-compile-command 'make requirements' -c ../../requirements.txt $(ARGS) requirements.in -o requirements.txt

locks: venv ## lock the dependencies of the stacks anew, for all answers (ARGS="fastapi --upgrade")
	@$(PYTHON) -m maintain.locks $(ARGS)

release: venv ## make a release of what is committed (VERSION=1.2.3): changelog, upgrade tests, tag, releases.txt
	@$(PYTHON) -m maintain.release '$(VERSION)'

clean: ## remove what the targets made here; a demo that runs first: make demo ARGS=--remove
	rm -rf .venv .venv.lock build .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis

# The same bootstrap as in every generated repo; its stamp decides, whatever the times of the files are.
venv:
	@{ [ -x $(PYTHON) ] && cmp -s requirements.txt .venv/requirements.txt; } || python3 -I devenv/bootstrap.py .venv requirements.txt
