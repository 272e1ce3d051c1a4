# make run    set everything up, send four real inputs through the service, print the answers
# make serve  start the service and go on serving
# make test   set everything up, run every check and every test
# make test-n8n  run the generated node and workflow in n8n itself, which takes 1.3 GB
# make bench  measure a call, a thousand callers at once and a large batch beside a bare forwarder
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080

.PHONY: help run serve test test-n8n lint bench bench-calls bench-waiting bench-batch lock clean
help:
	@sed -n 's/^# make/make/p' Makefile

run: $(VENV)/.run
	@$(BIN)/python examples/demo.py

serve: $(VENV)/.run
	@$(BIN)/formcall serve --port $(PORT)

test: lint
	$(BIN)/python -m pytest

test-n8n: $(VENV)/.dev
	$(BIN)/python -m pytest -m n8n tests/test_n8n.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/formcall check
	$(BIN)/formcall build --check

bench: bench-calls bench-waiting bench-batch

bench-calls: $(VENV)/.dev
	$(BIN)/python -m bench.forwarding
	$(BIN)/python -m bench.tokens

bench-waiting: $(VENV)/.dev
	$(BIN)/python -m bench.waiting

bench-batch: $(VENV)/.dev
	$(BIN)/python -m bench.batches

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Formcall needs Python 3.11 or newer; set PYTHON=/path/to/python3.11." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.python requirements.txt pyproject.toml
	@echo "Installing Formcall with its embedded engine (once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@echo "Installing the development tools (once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# write the lock files anew from pyproject.toml; no host is recorded in them
lock: $(VENV)/.dev
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras \
	  --no-header --extra local --extra documents -o requirements.txt pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras \
	  --no-header --allow-unsafe --extra local --extra documents --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml

clean:
	rm -rf $(VENV) dist build data .mypy_cache .pytest_cache .ruff_cache .hypothesis
