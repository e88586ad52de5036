# `make test` from a fresh clone needs Python >= 3.10 with venv, and the Python package index; nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The stamp carries the interpreter's version and home, so that another PYTHON makes a new environment.
PYTHON_ID := $(shell $(PYTHON) -c 'import sys; print(sys.version.split()[0] + sys.base_prefix.replace("/", "_"))')
MADE := $(VENV)/.made-$(PYTHON_ID)
INSTALLED := $(VENV)/.installed-$(PYTHON_ID)

.PHONY: help demo test check bench clean

help:
	@echo 'make demo    set up and show what works today'
	@echo 'make test    set up and run the fast tests'
	@echo 'make check   lint, format, types and the fast tests'
	@echo 'make bench   measure the network (benchmarks/model.py)'
	@echo 'make clean   remove the environment that make made'

$(MADE):
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(INSTALLED): $(MADE) pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,train]'
	@touch $@

demo: $(INSTALLED)
	$(BIN)/seg-video models
	@echo
	@echo 'A sample clip is not part of this version yet. With a clip of yours:'
	@echo '    $(BIN)/seg-video in.mp4 out.mp4'

test: $(INSTALLED)
	$(BIN)/python -m pytest

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

bench: $(INSTALLED)
	$(BIN)/python benchmarks/model.py

clean:
	rm -rf $(VENV)
