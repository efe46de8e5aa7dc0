# make run | test | faults | sabotage | check | bench | setup. See README.md.
PYTHON ?= python3
BIN := .venv/bin
PY := $(BIN)/python
# One worker more than there are cores: many tests wait for processes that they start.
TESTS := $(PY) -m pytest -n 3 --dist worksteal
INSTALLED := .venv/installed-$(firstword $(shell cksum requirements-dev.txt))

# Tests start many processes; none of them should have to compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup run test faults faults-quick sabotage check bench openapi lock

setup: $(INSTALLED)

$(INSTALLED): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@echo "Installing into .venv (once) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@rm -f .venv/installed-* && touch $@

run: setup
	@exec $(PY) manage.py up --demo

test: setup
	$(TESTS)
	$(PY) tools/with_postgresql.py $(TESTS) --ignore=volbal/tests -m "database and not browser and not faults"

# Long fault tests, on both databases; the quick half takes some minutes.
faults: setup
	EXAMPLES=20 $(PY) -m pytest -n 2 volbal/tests/test_oracle.py volbal/tests/test_waterfall.py
	EXAMPLES=7 $(PY) -m pytest -n 2 simulation/tests/test_skipping.py simulation/tests/test_compiled.py simulation/tests/test_quick_bound.py
	$(PY) -m pytest -n 2 -m faults
	$(PY) tools/with_postgresql.py $(PY) -m pytest -n 2 -m faults

faults-quick: setup
	$(PY) -m pytest -n 2 -m "faults and quick"
	$(PY) tools/with_postgresql.py $(PY) -m pytest -n 2 -m "faults and quick"

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
	$(TESTS)

bench: setup
	$(PY) bench/core.py
	$(PY) bench/api.py
	$(PY) bench/tick.py
	$(PY) bench/fills.py
	$(PY) bench/performance.py
	$(PY) bench/simulation.py
	$(PY) bench/pages.py

# Renew the API's document and its examples after a change of the API.
openapi: setup
	RENEW_EXAMPLES=1 $(PY) -m pytest volbal_site/tests/test_api_examples.py
	$(PY) manage.py export_openapi_schema --api volbal_site.api.api --indent 1 --output docs/openapi.json

# Renew the lock files after a change of pyproject.toml.
lock:
	$(PY) -m pip install --quiet uv==0.13.9
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra dev pyproject.toml -o requirements-dev.txt
