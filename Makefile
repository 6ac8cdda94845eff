# The commands to learn: make run, test, check, bench, stack. Everything is installed into .venv and node_modules.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
HOST ?= 127.0.0.1
PORT ?= 8000

VENV := .venv/bin
PORTAL_SOURCES := $(shell find frontend/src frontend/public frontend/index.html frontend/vite.config.ts \
	frontend/tsconfig.json frontend/package.json -type f 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: run test check bench stack install runtime portal openapi lock clean help

run: runtime portal ## the whole product in one process, on SQLite in ./var (HOST, PORT, DEMO=0)
	@exec $(VENV)/ccmanage up --host "$(HOST)" --port "$(PORT)"

test: install portal ## every test on every server that is found here; names what it could not run (ONLY=backend)
	@PYTHONPATH=tests exec $(VENV)/python -m tools.test

check: install frontend/node_modules/.installed ## format, lint, types, import rules, generated files; a minute or less
	@exec $(VENV)/python -m tools.check

bench: install ## the benchmarks, into var/bench.json (ONLY=name for a part)
	@PYTHONPATH=tests exec $(VENV)/python -m benchmarks $(if $(ONLY),--only "$(ONLY)")

stack: install portal ## the production shape as local processes: MySQL/MariaDB, Redis, api, workers, scheduler
	@PYTHONPATH=tests exec $(VENV)/python -m tools.stack

install: ## the Python packages that developers need, into .venv
	@"$(PYTHON)" tools/install.py dev

runtime:
	@"$(PYTHON)" tools/install.py runtime

portal: api/static/index.html

api/static/index.html: frontend/node_modules/.installed $(PORTAL_SOURCES)
	@echo "Building the portal"
	@cd frontend && npm run --silent build -- --logLevel warn
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json frontend/package.json
	@command -v npm >/dev/null || { echo "Node.js 20 or newer with npm is needed to build the portal."; exit 1; }
	@echo "Installing the portal's packages (about a minute the first time)"
	@cd frontend && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

openapi: install frontend/node_modules/.installed ## renew frontend/openapi.json and the types made from it
	@$(VENV)/python -m tools.openapi
	@cd frontend && npm run --silent gen:api

lock: install ## renew the locked requirements with hashes
	@$(VENV)/python -m tools.lock

clean: ## remove what was installed and built; data in ./var stays
	@rm -rf .venv .venv-semgrep frontend/node_modules api/static dist build htmlcov coverage .coverage .coverage.* \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)
