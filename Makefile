# One place for everything a contributor or CI runs. `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 3
# Each worker takes one module after the other, the longest first (tests/long_first.py).
SHARED := -n $(JOBS) --dist loadfile --no-loadscope-reorder
CHAOS ?= --kills 200 --cuts 200 --messages 10000
# Without compiled code each of the workers compiles all tests anew, 15 seconds of processor time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
.PHONY: lint-style lint-order lint-templates lint-tree lint-messages lint-acceptance lint-migrations
.PHONY: help setup oidc system run demo test test-sqlite test-postgres chaos fuzz hostile lint types bench bench-retrieval bench-web e2e format messages vendor lock acceptance

help: ## This list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/.installed ## Make .venv from the locked requirements

.venv/.installed: requirements/dev.lock.txt
	@scripts/make_venv.sh $(PYTHON) $<
	@touch $@

tests/oidc/node_modules/.package-lock.json: tests/oidc/package-lock.json .venv/.installed
	@scripts/oidc.sh

oidc: tests/oidc/node_modules/.package-lock.json ## Install the OpenID provider of the tests

system: ## Install what tests and demo need from Debian (needs root or sudo)
	@scripts/system.sh all

run: setup ## Start Tributary (SQLite, bundled Valkey) on http://127.0.0.1:8000
	@$(BIN)/python manage.py serve

demo: setup ## Start Tributary with a stand-in mail provider and demo people
	@scripts/system.sh dovecot
	@$(BIN)/python manage.py demo

test: test-sqlite test-postgres ## All tests but the browser's, on SQLite and again on PostgreSQL

test-sqlite: setup oidc
	@scripts/system.sh dovecot postfix spamassassin scanners redis postgres
	$(BIN)/pytest -q $(SHARED) --ignore tests/e2e

test-postgres: setup oidc
	@scripts/system.sh dovecot postfix redis postgres
	$(BIN)/python -m tests.postgres $(BIN)/pytest -q $(SHARED) --ignore tests/e2e --database-only

chaos: setup ## The long run of tests/chaos: hundreds of kills and cuts; prints a table of figures
	@scripts/system.sh dovecot redis postgres
	$(BIN)/python -m tests.postgres $(BIN)/pytest -q tests/chaos $(CHAOS)

fuzz: setup oidc ## Look for new examples that break something; every other run uses the same ones
	@scripts/system.sh dovecot redis
	$(BIN)/pytest -q --hypothesis-profile explore $$(git grep -l '^@given' tests)

hostile: setup ## Every attack string and all HTML of the corpus in Chromium, not one in eight of them
	@scripts/system.sh chromium
	HOSTILE_EVERY=1 $(BIN)/pytest -q tests/e2e/test_hostile.py

e2e: setup oidc ## The story of a newcomer in headless Chromium; screenshots in var/screenshots
	@scripts/system.sh dovecot redis chromium
	$(BIN)/pytest -q $(SHARED) tests/e2e

lint: setup ## Style, order of the rooms, templates, the tree itself; all of them even if one fails
	@$(MAKE) --no-print-directory --keep-going lint-style lint-order lint-templates \
		lint-tree lint-messages lint-acceptance lint-migrations

lint-style:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

lint-order:
	$(BIN)/lint-imports

lint-templates:
	$(BIN)/djade --target-version 5.2 --check $$(git ls-files 'templates/*.html')
	$(BIN)/djlint templates --lint --quiet

lint-tree:
	$(BIN)/python scripts/check_tree.py

lint-messages:
	$(BIN)/python scripts/check_messages.py

lint-acceptance:
	$(BIN)/python scripts/acceptance.py --check

lint-migrations:
	$(BIN)/python manage.py makemigrations --check --dry-run

types: setup ## mypy, strict
	$(BIN)/mypy .

format: setup ## Put code and templates into their standard form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/djade --target-version 5.2 $$(git ls-files 'templates/*.html')

messages: setup ## Take the texts of code and templates into locale/ and compile it (needs gettext)
	@scripts/system.sh gettext
	$(BIN)/python manage.py makemessages --locale de --no-wrap --no-obsolete --add-location file \
		$(foreach place,.venv var tests bench scripts standin,--ignore $(place))
	$(BIN)/python manage.py compilemessages --locale de --ignore .venv --ignore var
	$(BIN)/python scripts/check_messages.py

bench: setup ## The figures of docs/benchmarks.md
	@scripts/system.sh dovecot
	$(BIN)/python bench/run.py

bench-retrieval: setup ## Retrieval beside other programs, one measurement after the other
	@scripts/system.sh dovecot
	$(BIN)/python bench/retrieval.py all

bench-web: setup ## The mail screen at 100,000 messages; WEB="--postgres --rival --messages 5000" and so on
	@scripts/system.sh postgres chromium
	$(BIN)/python -m bench.web $(WEB)

acceptance: setup ## Write docs/acceptance.md from the tests' marks
	$(BIN)/python scripts/acceptance.py

vendor: setup ## Build static/vendor anew from the versions scripts/vendor names (needs node)
	@scripts/vendor.sh

lock: setup ## Resolve pyproject.toml anew into requirements/*.lock.txt
	@scripts/lock.sh
