# Everything that a person or CI does here. Needs git, make and Python 3.11 or newer; the rest is fetched into this folder.
PYTHON ?= $(shell for each in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
UV := .headway/uv/bin/uv
BIN := .venv/bin
READY := .venv/.ready

RUN := $(BIN)/pytest --numprocesses auto
# Each of a run's many processes would compile the tests again.
unexport PYTHONDONTWRITEBYTECODE

# Side by side they take as long as mypy alone.
define LINTERS
mypy
pytest --quiet tests/style
ruff check .
ruff format --check .
lint-imports
djlint templates --lint --check --quiet
python manage.py makemigrations --check --dry-run --skip-checks
zizmor --offline --quiet --pedantic .github
endef
export LINTERS

.DEFAULT_GOAL := help
.PHONY: help demo screenshots docs icons setup run check test test-all chaos lint audit manifests secrets digests format migrations bench clean

help: ## List the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(READY) ## Show Headway with 34 sites, a small GitHub, a registry and a cluster, all on this machine; LAN=1 for your phone
	@LAN=$(LAN) $(BIN)/python -m demo

screenshots: $(READY) ## Take the README's pictures from the demo, with the system's Chromium
	@$(BIN)/python -m pictures.screenshots

docs: $(READY) ## Write the tables in docs/operate.md: settings and mapping fields
	@$(BIN)/python -m docs.generate

icons: $(READY) ## Draw the home screen's icons from dashboard/static/dashboard/favicon.svg
	@$(BIN)/python -m pictures.icons

setup: $(READY) ## Install the packages, and create the database in this folder unless DATABASE_URL is set
	@$(BIN)/python manage.py upgrade

run: $(READY) ## Run web and worker on this machine, with its own PostgreSQL unless DATABASE_URL is set
	@$(BIN)/python manage.py run

check: lint test ## Run what a commit must pass: lint, and the quick tests

test: $(READY) ## Run the quick tests in a few minutes; T=tests/e2e runs that instead, with any pytest arguments: T='-k hold'
# Of folders that are slow as a whole (tests/conftest.py) not even the names of tests are collected.
ifdef T
	@$(BIN)/pytest $(T)
else
	@$(RUN) --dist worksteal --ignore tests/e2e --ignore tests/chaos --ignore tests/simulators -m 'not slow and not chaos'
endif

test-all: $(READY) ## Run the quick tests and the slow ones: browsers, restarts, the image, Redis
	@HYPOTHESIS_PROFILE=thorough $(RUN) --dist loadfile --no-loadscope-reorder -m 'not chaos'

chaos: $(READY) ## Run the tests that break things for minutes
	@$(BIN)/pytest -m chaos

lint: $(READY) ## Check style, types, layers, templates, migrations and workflows
	@echo "$$LINTERS" | xargs -P 8 -I '{}' sh -c '$(BIN)/{}'

audit: $(UV) ## Check uv.lock for known vulnerabilities at osv.dev; fails too if that is unreachable
	@$(UV) audit --frozen --preview-features audit-command || { status=$$?; \
		test $$status -ne 2 || echo 'Nothing was checked: see the error above. This is not a clean result.' >&2; exit $$status; }

manifests: ## Write install.yaml; IMAGE=… HOST=…, optionally IMAGE_TEMPLATE=… NAMESPACES=a,b DATABASE_URL=… ISSUER=… INGRESS_CLASS=… INGRESS_NAMESPACE=… COMPONENTS=… IMAGE_PREFIXES=… POSTGRES_IMAGE=…
	@test -n "$(PYTHON)" || { echo 'Headway needs Python 3.11 or newer: install it, or name it with make PYTHON=...'; exit 1; }
	@$(PYTHON) -m release.manifests

secrets: ## Print generated secrets, for the .env of compose.yaml
	@$(PYTHON) -m deployments.management.generate_secrets --print

digests: $(READY) ## Print the current digests of the base images, and of those in manifests
	@$(BIN)/python -m release.digests

format: $(READY) ## Format the code and the templates
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/djlint templates --reformat --quiet

migrations: $(READY) ## Write the migration for changed models; NAME=says_what_it_does
	@$(BIN)/python manage.py makemigrations deployments --skip-checks $(if $(NAME),--name $(NAME))

bench: $(READY) ## Measure the promises of docs/performance.md
	@$(BIN)/python -m bench

clean: ## Stop the embedded PostgreSQL, and remove everything that was created here
	@test ! -x $(BIN)/python || $(BIN)/python -m dashboard.embedded_postgres stop postgresql tests
	@rm -rf .venv .headway staticfiles

$(READY): pyproject.toml uv.lock | $(UV)
	@$(UV) sync --frozen --quiet --compile-bytecode --python $(PYTHON)
	@touch $@

$(UV):
	@test -n "$(PYTHON)" || { echo 'Headway needs Python 3.11 or newer: install it, or name it with make PYTHON=...'; exit 1; }
	@$(PYTHON) -m venv .headway/uv || { echo 'On Debian and Ubuntu: apt install python3-venv'; exit 1; }
	@.headway/uv/bin/pip install --quiet --disable-pip-version-check 'uv==0.13.9'
