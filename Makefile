# `make demo` and `make test` need Python 3.11 or newer, Git and make, and nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

# Real Airflows, for tests and benchmarks: .airflow/VERSION/bin/python. What PyPI had on a day acts as a constraints file.
AIRFLOWS ?= 2.11.2 3.3.2
DAY_2.3.4 = 2022-09-01
DAY_2.6.3 = 2023-08-01
DAY_2.9.2 = 2024-07-01
DAY_2.11.2 = 2026-04-01
DAY_3.0.6 = 2025-09-20
DAY_3.1.8 = 2026-04-01
DAY_3.3.2 = 2026-11-01

.PHONY: demo test older static cover check bench airflow agreement clean

demo: $(VENV)/.installed
	$(BIN)/dagserial demo

# Under coverage, whose figures `make cover` judges.
test: $(VENV)/.installed-dev
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest

# What reads and writes databases, on the older SQLAlchemy that is supported too.
older: $(VENV)-older/.installed
	$(VENV)-older/bin/python -m pytest tests/store tests/web/test_api.py tests/web/test_databases.py tests/web/test_queries.py --ignore=tests/store/test_faults.py

$(VENV)-older/.installed: pyproject.toml | $(VENV)/.installed-dev
	$(BIN)/python -m uv venv --quiet --clear --python $(BIN)/python $(VENV)-older
	$(BIN)/python -m uv pip install --quiet --python $(VENV)-older/bin/python --editable '.[dev]' 'sqlalchemy<2.1'
	touch $@

static: $(VENV)/.installed-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

cover:
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

check: static test
	$(MAKE) cover

# AIRFLOW_PYTHON=PYTHON names an interpreter that has Airflow 3, to be measured beside dagserial.
bench: $(VENV)/.installed-dev
	for benchmark in benchmarks/bench_*.py; do $(BIN)/python $$benchmark || exit 1; done

airflow: $(AIRFLOWS:%=.airflow/%/bin/airflow)

.airflow/%/bin/airflow: | $(VENV)/.installed-dev
	$(if $(DAY_$*),,$(error no day is known for Airflow $*: make airflow AIRFLOWS=$* DAY_$*=YYYY-MM-DD))
	$(BIN)/python -m uv venv --quiet --clear --python $(BIN)/python .airflow/$*
	$(BIN)/python -m uv pip install --quiet --python .airflow/$*/bin/python --exclude-newer $(DAY_$*) apache-airflow==$* kubernetes virtualenv

# How far the stand-in and each Airflow agree, on their example DAGs and on our own.
agreement: airflow
	$(BIN)/python benchmarks/agreement.py --examples fixtures/agreement/both $(AIRFLOWS:%=--python .airflow/%/bin/python)

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("dagserial needs Python 3.11 or newer, this is %d.%d; set PYTHON=" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[parse]'
	touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) $(VENV)-older build dist .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
