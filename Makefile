# make up: the shop in your browser · make test: all tests · make lab: real Kubernetes, Docker and registry (Linux, root)
.DEFAULT_GOAL := help
PYTHON3 ?= python3
PYTHON := .venv/bin/python
CLOUDNORTH := .venv/bin/cloudnorth

.PHONY: help python up down test test-fast test-full bench lock providers-lock docs screenshots clean bench-local bench-rollout bench-scale bench-shop

help: ## these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

python:
	@command -v $(PYTHON3) >/dev/null || { echo "there is no $(PYTHON3): install Python 3.11 or newer with venv" \
	"(Debian: apt install python3 python3-venv), then run this again" >&2; exit 1; }

up: python ## install, deploy the shop on this machine, say where it is
	@$(PYTHON3) -m scripts.up

down: ## stop everything that `make up` started; the data stays
	@if [ -e $(CLOUDNORTH) ]; then $(CLOUDNORTH) down --env local; \
	else echo "nothing was started from here: make up makes .venv and starts the shop"; fi

test: .venv/.dev ## every test; starts the lab where it can (LAB=off leaves it out)
	@$(PYTHON) -m tests.run test

test-fast: .venv/.dev ## the tests for daily work, about a minute
	@$(PYTHON) -m tests.run fast

test-full: .venv/.dev ## all repeats, by hand
	@$(PYTHON) -m tests.run full

bench: .venv/.dev ## the tables of benchmarks/
	@$(PYTHON) -m benchmarks

bench-local: .venv/.dev ## the local platform: seconds of a deploy, cost of the front, memory; at most six minutes
	@$(PYTHON) -m benchmarks.local

bench-shop: .venv/.dev ## the shop against Express: throughput, latency, memory, start, a roll under load
	@$(PYTHON) -m benchmarks.shop

bench-rollout: .venv/.dev ## every planted fault, against Helm 4 and 3 and kubectl (the lab)
	@$(PYTHON) -m benchmarks.rollout

bench-scale: .venv/.dev ## the verdict on 1,000 simulated pods (the lab, kwok)
	@$(PYTHON) -m benchmarks.rollout.scale

lock: .venv/.dev ## write the locks anew (hashes, no addresses)
	@$(PYTHON) -m scripts.lock

providers-lock: ## lock Terraform's providers for every platform, not for this one alone
	@terraform -chdir=terraform init -backend=false -input=false
	@terraform -chdir=terraform providers lock -platform=linux_amd64 -platform=linux_arm64 -platform=darwin_amd64 -platform=darwin_arm64 -platform=windows_amd64

docs: .venv/.dev ## write the references that are made from the code
	@$(PYTHON) -m scripts.reference

screenshots: .venv/.dev ## take the pictures of the shop's pages in docs/shop anew (needs Chromium)
	@$(PYTHON) -m tests.app.browser
	@PYTHONPATH=app $(PYTHON) -m tests.app.browser.screenshots

clean: ## remove the virtual environment and what tools left
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

.venv/.dev: pyproject.toml requirements-dev.lock scripts/install.py | python
	@$(PYTHON3) -m scripts.install --dev

-include tests/lab/lab.mk
