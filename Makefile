# Each target sets up .venv by itself; python3 (3.11 or newer, with venv) and make are all that is needed.
PYTHON ?= python3
BIN := .venv/bin
CODE := syncd collectors reactions tests $(wildcard bench demo)
PYTEST ?=

.PHONY: demo test lint bench lock clean

demo: .venv/ready
	@$(BIN)/python -m demo

test: .venv/ready
	$(BIN)/python -m pytest -n 3 --dist worksteal --cov --cov-report=term:skip-covered $(PYTEST)

lint: .venv/ready
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports

bench: .venv/ready
	$(BIN)/python -m bench.compare --estate S

# Newest versions that agree, each with the hashes of all its files; the runtime lock is a part of the other.
lock: .venv/ready
	$(BIN)/python -m pip install --quiet --upgrade uv
	$(BIN)/uv pip compile $(LOCK) --upgrade --extra dev --output-file requirements-dev.lock
	$(BIN)/uv pip compile $(LOCK) --constraint requirements-dev.lock --output-file requirements.lock
	sed -i.bak -E '/^ *(#.*)?--?(index|extra-index|find-links|trusted-host|i |f )/d' requirements.lock requirements-dev.lock
	rm -f requirements.lock.bak requirements-dev.lock.bak

LOCK := --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" pyproject.toml

clean:
	rm -rf .venv build dist *.egg-info .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/ready: requirements-dev.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed: syncd needs Python 3.11 or newer (Debian: apt install python3 python3-venv)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "syncd needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) -V): name another one with make PYTHON=python3.11 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv module: install it (Debian, Ubuntu: apt install python3-venv) and run make again"; exit 1; }
	@echo "setting up .venv (once, a minute or less)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes --requirement requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
