# make run | test | faults | sabotage | check | bench | setup. See README.md.
PYTHON ?= python3
BIN := .venv/bin
PY := $(BIN)/python
INSTALLED := .venv/installed-$(firstword $(shell cksum requirements-dev.txt))

.PHONY: setup run test faults sabotage check bench lock

setup: $(INSTALLED)

$(INSTALLED): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@echo "Installing into .venv (once) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@rm -f .venv/installed-* && touch $@

run: setup
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py replay IBM

test: setup
	$(PY) -m pytest -n 2
	$(PY) tools/with_postgresql.py $(PY) -m pytest -n 2

# Long: kills, heavier races.
faults: setup
	$(PY) -m pytest -m faults
	$(PY) tools/with_postgresql.py $(PY) -m pytest -m faults

# Break copies of the code in known ways; the tests must notice each.
sabotage: setup
	$(PY) tools/sabotage.py

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy .
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py check
	$(PY) -m pytest -n 2

bench: setup
	$(PY) bench/core.py

# Renew the lock files after a change of pyproject.toml.
lock:
	$(PY) -m pip install --quiet uv==0.13.9
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra dev pyproject.toml -o requirements-dev.txt
