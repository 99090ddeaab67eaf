# Each target sets up .venv by itself; python3 (3.11 or newer, with venv) and make are all that is needed.
PYTHON ?= python3
BIN := .venv/bin
CODE := syncd collectors reactions tests $(wildcard bench demo)
PYTEST ?=

PREFIX ?= /usr/local
APP ?= /opt/syncd
DESTDIR ?=

.PHONY: demo test lint bench catalog lock clean install uninstall

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

# Derives the kinds that nobody has written from botocore's models: collectors/aws/derived and two pages of docs.
catalog: .venv/ready
	$(BIN)/python -m collectors.aws.deriving

# Newest versions that agree, each with the hashes of all its files; the runtime lock is a part of the other.
lock: .venv/ready
	$(BIN)/python -m pip install --quiet --upgrade uv
	$(BIN)/uv pip compile $(LOCK) --upgrade --extra dev --output-file requirements-dev.lock
	$(BIN)/uv pip compile $(LOCK) --constraint requirements-dev.lock --output-file requirements.lock
	sed -i.bak -E '/^ *(#.*)?--?(index|extra-index|find-links|trusted-host|i |f )/d' requirements.lock requirements-dev.lock
	rm -f requirements.lock.bak requirements-dev.lock.bak

LOCK := --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" pyproject.toml

# The daemon as a service: its own environment in APP, commands and units under PREFIX, the configuration in /etc/syncd.
# Again for an upgrade. DESTDIR stands before every path, for packages.
UNITS := $(DESTDIR)$(PREFIX)/lib/systemd/system
install: .venv/ready
	rm -rf build/wheel && $(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir build/wheel .
	test -x $(DESTDIR)$(APP)/bin/python || $(PYTHON) -m venv $(DESTDIR)$(APP)
	$(DESTDIR)$(APP)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	$(DESTDIR)$(APP)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall build/wheel/*.whl
	install -d $(DESTDIR)$(PREFIX)/bin $(UNITS)/syncd.service.d $(DESTDIR)/etc/syncd/syncd.d $(DESTDIR)/etc/syncd/rules
	ln -sf $(APP)/bin/syncd $(APP)/bin/syncctl $(DESTDIR)$(PREFIX)/bin/
	for unit in syncd.service syncd.socket syncd-sync.service syncd-sync.timer; do \
	  sed 's,/opt/syncd/,$(APP)/,' systemd/$$unit > $(UNITS)/$$unit && chmod 0644 $(UNITS)/$$unit || exit; done
	install -m 0644 systemd/syncd.service.d/credentials.conf.example $(UNITS)/syncd.service.d/
	install -D -m 0644 systemd/syncd.sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/syncd.conf
	install -D -m 0644 systemd/syncd.tmpfiles.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/syncd.conf
	install -m 0640 etc/syncd.toml $(DESTDIR)/etc/syncd/syncd.toml.example
	install -m 0644 etc/rules/*.toml $(DESTDIR)/etc/syncd/rules/
	test -e $(DESTDIR)/etc/syncd/syncd.toml || install -m 0640 etc/syncd.toml $(DESTDIR)/etc/syncd/syncd.toml
	test -n "$(DESTDIR)" || ! command -v systemd-sysusers || { systemd-sysusers $(PREFIX)/lib/sysusers.d/syncd.conf && systemd-tmpfiles --create $(PREFIX)/lib/tmpfiles.d/syncd.conf; }
	test -n "$(DESTDIR)" || ! test -d /run/systemd/system || systemctl daemon-reload
	@echo "installed; now: edit /etc/syncd/syncd.toml, then systemctl enable --now syncd"

# The configuration and the store stay.
uninstall:
	test -n "$(DESTDIR)" || ! test -d /run/systemd/system || systemctl disable --now syncd.service syncd.socket syncd-sync.timer
	rm -rf $(DESTDIR)$(APP) $(UNITS)/syncd.service.d
	rm -f $(UNITS)/syncd.service $(UNITS)/syncd.socket $(UNITS)/syncd-sync.service $(UNITS)/syncd-sync.timer
	rm -f $(DESTDIR)$(PREFIX)/bin/syncd $(DESTDIR)$(PREFIX)/bin/syncctl
	rm -f $(DESTDIR)$(PREFIX)/lib/sysusers.d/syncd.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/syncd.conf
	test -n "$(DESTDIR)" || ! test -d /run/systemd/system || systemctl daemon-reload

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
