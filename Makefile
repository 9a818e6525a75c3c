# Tidegate on one machine. `make help` lists the commands; everything they make is under .local/.

PYTHON ?= python3.11
PORT ?= 8080
INPUTS ?= 1000000
ENV := .local/env
PY := $(ENV)/dev/bin/python
UV := $(ENV)/tools/bin/uv
NODE := local/node/node_modules/.bin
PYTEST := $(PY) -m pytest -n 2 --dist loadgroup
COMPILE := $(CURDIR)/$(UV) pip compile -q --no-header --python-version 3.11

export PORT
export PYTHONDONTWRITEBYTECODE = 1
export SAM_CLI_TELEMETRY = 0

.DEFAULT_GOAL := help
.PHONY: help run demo test test-long fuzz surge restart abuse audit check simulate bench lock stop clean python environments

help:  ## List the commands
	@grep -hE '^[a-z -]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z -]+):.*## /  make \1\t/' | expand -t 20

run: python  ## Serve the whole gateway on 127.0.0.1:$(PORT) until Ctrl-C
	@$(PYTHON) -m local.environments dev sam engine runtime
	@exec $(PY) -m local up

demo: python  ## Take one payment through its whole life and show every step
	@$(PYTHON) -m local.environments dev sam engine runtime
	@exec $(PY) -m local demo

test: environments  ## Run the tests (at most ten minutes)
	@$(PYTEST) -m "not long"

test-long: environments  ## Run the long tests (about half an hour)
	@$(PYTEST) -m long

surge restart abuse: environments  ## Run the whole suite of this name, its long tests too
	@$(PYTEST) tests/$@

fuzz: environments  ## Feed every parser INPUTS broken inputs (default 1000000)
	@$(PY) -m tests.fuzz --inputs $(INPUTS)

audit: python  ## Look for known holes in packages, code and template
	@$(PYTHON) -m local.environments audit
	@$(PYTHON) -m local.audit

check: environments audit  ## Lint, types, known holes, template, state machines
	$(ENV)/dev/bin/ruff check .
	$(ENV)/dev/bin/ruff format --check .
	$(PY) -m mypy .
	@AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none \
		$(ENV)/sam/bin/sam validate --lint --template-file template.yaml
	$(ENV)/dev/bin/cfn-lint template.yaml
	@for file in statemachines/*.asl.json; do \
		$(NODE)/asl-validator --json-path "$$file" || exit 1; \
	done

simulate: environments  ## Tell SEEDS stories of faults from seed FROM on; SEEDS=1 replays and shrinks one
	@PYTHONHASHSEED=0 PYTHONPATH=layers/tidegate $(PY) -m tests.simulation --seeds $(or $(SEEDS),200) --from $(or $(FROM),0)

bench: environments  ## Measure speed and cost beside yardsticks and goals; PART="cost growth" takes some alone
	@$(PY) -m bench $(PART)

lock: python  ## Write the lock files anew from requirements/*.in
	@$(PYTHON) -m local.environments tools
	@cd requirements && for name in dev sam engine runtime clients audit; do \
		echo "locking $$name"; $(COMPILE) $(UPGRADE) $$name.in -o $$name.txt || exit 1; \
	done
	@echo "locking layer"; cd requirements && $(COMPILE) layer.in -c dev.txt -o ../layers/tidegate/requirements.txt \
		$$(sed -nE 's/^([a-z0-9.-]+)==.*/--no-emit-package \1/p' runtime.txt)
	@cd local/node && npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error
	@$(PYTHON) -m local.environments strip-node-lock

stop:  ## Stop a running `make run`
	@[ ! -x $(PY) ] || $(PY) -m local stop

clean: stop  ## Stop, and forget the engine's state (environments stay)
	@[ ! -x $(PY) ] || $(PY) -m local clean

environments: python
	@$(PYTHON) -m local.environments dev sam engine runtime clients node

python:
	@command -v $(PYTHON) >/dev/null 2>&1 && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Tidegate needs Python 3.11 and '$(PYTHON)' does not run here: install it, or name another with PYTHON=/path/to/python."; exit 1; }
