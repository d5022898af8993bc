# Everything runs in a virtual environment that is made on demand; only Python >= 3.11 and make are needed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help demo test pictures lint bench bench-estimate drill clean
.DEFAULT_GOAL := help

help:            ## what can be made here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,fonts]'
	@touch $@

demo: $(READY)   ## a simulated support floor and the live page, no tokens needed (ARGS="--minutes 2")
	$(BIN)/jono demo $(ARGS)

test: $(READY)   ## the whole test suite, a process for each core (ARGS="-n 0" for one)
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

pictures: $(READY)  ## the tests in the browser, with pictures of what they saw in tests/browser/out
	$(BIN)/python -m pytest tests/browser --pictures $(ARGS)

lint: $(READY)   ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)  ## speed and memory, each against a limit or a peer in the same run
	$(BIN)/python -m benchmarks $(ARGS)

bench-estimate: $(READY)  ## how true the answers are, against targets (TRACES=folder; ARGS=--write)
	$(BIN)/python -m benchmarks.estimate $(TRACES) $(ARGS)

drill: $(READY)  ## the long runs: real processes, real kills, full figures
	$(BIN)/python -m pytest -m drill $(ARGS)

clean:           ## remove what was made here
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info data
