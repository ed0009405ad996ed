# Everything one does with a checkout. `make` alone lists the targets.
# PYTHON only has to be 3.11 or newer: the first target that needs more makes .venv by itself.

PYTHON ?= python3
PORT ?= $(or $(OVIA_PORT),8080)
REPOS ?=
MAILMAP ?=
BEIR ?=
YES ?=
# The stack's own tests need root and a Docker engine: `make stack-test`; the console's a browser: `make browser-test`.
TESTS ?= $(filter-out tests/stack tests/browser,$(wildcard tests/*))
COVERAGE ?=
STACK_TESTS ?= tests/stack
BROWSER_TESTS ?= tests/browser
SERVICE ?= api
ONLY ?=
PUSH ?=
FOLLOW ?=
REPLICAS ?=
ARGS ?= --help
CORES := $(shell nproc 2>/dev/null || echo 2)
WORKERS ?= $(shell [ $(CORES) -gt 2 ] && echo $(CORES) || echo 2)
BIN := .venv/bin
RESULTS := test-results
# Tracing every line, in every program the tests start, makes the tests take half as long again.
MEASURED := $(if $(COVERAGE),--cov --cov-report=xml --cov-report=term:skip-covered)

# By the environment, not by the command line: a path may hold a space or a quote.
export OVIA_PORT := $(PORT)
export OVIA_REPOS := $(REPOS)
export OVIA_MAILMAP := $(MAILMAP)
export OVIA_BEIR := $(BEIR)

.DEFAULT_GOAL := help
.PHONY: help setup run reset test lint stack-test stack-test-nodes browser-test screenshots images deploy status logs sync admin format bench bench-backup eval-matching eval-ask

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv match uv.lock (every target below does this by itself)
	@$(PYTHON) infra/local/bootstrap.py
	@$(BIN)/ovia-console-assets

run: setup ## Start everything on this machine: make run REPOS='~/src/shop ~/src/web' PORT=8080
	@$(BIN)/ovia-local run

reset: setup ## Stop it and delete its local data, after asking: make reset YES=1 does not ask
	@$(BIN)/ovia-local reset $(if $(YES),--yes)

test: setup ## Run the tests on all cores: make test TESTS=tests/local COVERAGE=1 also says what they reach
	@mkdir -p $(RESULTS)
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal --junit-xml=$(RESULTS)/junit.xml $(MEASURED) $(TESTS)

lint: setup ## Check style, types, who imports whom, and file length
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python infra/checks/file_length.py

stack-test: setup ## Deploy the whole stack on a Docker engine of its own, break it, take it down (needs root; installs packages)
	@tests/stack/prepare
	@mkdir -p $(RESULTS)
	@$(BIN)/pytest -p no:cacheprovider --junit-xml=$(RESULTS)/stack.xml $(STACK_TESTS)

stack-test-nodes: ## The same on three nodes of one machine: a worker is drained, and one loses its power
	@$(MAKE) stack-test STACK_TESTS=tests/stack/several

browser-test: setup ## Click through the console in a real browser (installs Chromium where it is missing, which needs root)
	@tests/browser/prepare
	@mkdir -p $(RESULTS)
	@$(BIN)/pytest -p no:cacheprovider --junit-xml=$(RESULTS)/browser.xml $(BROWSER_TESTS)

screenshots: setup ## Write a picture of every page of the console to test-results/screenshots
	@$(MAKE) browser-test BROWSER_TESTS=tests/browser/screenshots

images: setup ## Build the images of the stack: make images ONLY='api metrics' PUSH=1
	@$(BIN)/ovia-stack images $(if $(PUSH),--push) $(ONLY)

deploy: setup ## Deploy this version to Docker Swarm, or update to it (infra/.env, docs/deploying.md)
	@$(BIN)/ovia-stack deploy

status: setup ## What runs in the swarm, and what is wrong
	@$(BIN)/ovia-stack status

logs: setup ## Log lines of a service of the swarm: make logs SERVICE=api FOLLOW=1
	@$(BIN)/ovia-stack logs $(if $(FOLLOW),--follow) $(SERVICE)

sync: setup ## Read the sources now: make sync REPLICAS=3
	@$(BIN)/ovia-stack sync $(if $(REPLICAS),--replicas $(REPLICAS))

admin: setup ## Run `ovia admin` beside the stack: make admin ARGS='create-organisation "Acme"'
	@$(BIN)/ovia-stack admin $(ARGS)

format: setup ## Rewrite the code in the house's style
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: setup ## Measure it
	@$(BIN)/python -m tests.bench

bench-backup: setup ## Measure backups and restores on a Docker engine: make bench-backup GIB=5
	@$(BIN)/python -m tests.bench.backup $(GIB)

eval-matching: setup ## Judge matching by the sample organisation, or by a git repository's .mailmap: MAILMAP=~/src/shop
	@if [ -n "$$OVIA_MAILMAP" ]; then $(BIN)/ovia admin evaluate-matching --mailmap "$$OVIA_MAILMAP"; \
	else $(BIN)/ovia-demo identities | $(BIN)/ovia admin evaluate-matching --identities -; fi

eval-ask: setup ## Ask about the sample organisation what is known of it, or judge retrieval by a set in BEIR's format: BEIR=~/scifact
	@if [ -n "$$OVIA_BEIR" ]; then $(BIN)/python -m tests.bench.beir "$$OVIA_BEIR"; else $(BIN)/python -m tests.bench.ask_questions; fi
