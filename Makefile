# Shorthands; none is needed. `./run` and `./test` do their own setting up.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
export DATA_DIR ?= $(CURDIR)/var

.PHONY: help
help:  ## What there is
	@awk -F ':.*##' '/^[a-z-]+:.*##/ { printf "  make %-12s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup:  ## Everything to work on the code, in .venv
	deploy/install requirements-dev.lock

.PHONY: run
run:  ## The site and its workers
	./run

.PHONY: test
test:  ## Everything that CI checks
	./test

.PHONY: check
check:  ## What CI checks, without the slow tests and the browser
	./test --quick

.PHONY: chaos
chaos:  ## 200 masters while workers are killed, then web processes, then every other fault; 20 minutes
	$(PYTHON) -m tests.chaos $(ARGUMENTS)
	$(PYTHON) -m tests.web_deaths
	LACQUER_FUZZ_FILES=10000 LACQUER_FUZZ_HTTP=500 $(PYTHON) -m pytest -n 2 --maxprocesses 2 -p no:randomly \
		tests/mastering/test_faults.py tests/mastering/test_chaos.py tests/mastering/test_run_workers.py \
		tests/flows/test_s3_faults.py tests/flows/test_fuzz.py tests/dsp/test_fuzz.py tests/config/test_sqlite.py

.PHONY: hosts
hosts:  ## Two web hosts, three of workers and one of data lose power and lines under load (root)
	$(PYTHON) -m tests.hosts --control sweep $(ARGUMENTS)

.PHONY: fuzz-api
fuzz-api:  ## What the API's document says, tried by many requests: 100 of each operation and role
	LACQUER_FUZZ_API=$(or $(EXAMPLES),100) $(PYTHON) -m pytest -n 2 --maxprocesses 2 -p no:randomly tests/config/test_schema.py

.PHONY: audit
audit:  ## Known vulnerabilities of what is locked, where the advisories can be reached
	deploy/audit

.PHONY: sbom
sbom:  ## The bill of materials, after a change of the lock file
	$(PYTHON) deploy/sbom.py

.PHONY: format
format: setup  ## The layout of the code, and what can be put right by itself
	$(PYTHON) -m ruff check --fix --exit-zero --quiet .
	$(PYTHON) -m ruff format .

.PHONY: demo
demo:  ## An account with masters made from audio of its own (./run must be running)
	$(PYTHON) manage.py seed_demo

.PHONY: messages
messages:  ## The texts to translate, into locale/: LANGUAGE=de
	mkdir -p locale
	$(PYTHON) manage.py makemessages --locale $(LANGUAGE) --ignore var --ignore tests --ignore .venv

.PHONY: screenshots
screenshots:  ## Every page in every state, three widths, both themes, into var/screenshots
	$(PYTHON) -m pytest tests/browser/screenshots.py -p no:randomly

.PHONY: load
load:  ## A site under load, judged, into bench/RESULTS.md: ARGUMENTS="L1 L3 --proof"
	$(PYTHON) -m bench.load $(ARGUMENTS)

.PHONY: load-brief
load-brief:  ## Load on both profiles, restores, a second host: an hour on a quiet machine
	-$(PYTHON) -m bench.load --brief --profile both
	-$(PYTHON) -m bench.restore --profile both
	-$(PYTHON) -m bench.hosts

BENCH_OPTIONS = $(if $(MUSIC),--music "$(MUSIC)") $(if $(PEER),--peer "$(PEER)") $(ARGS)

.PHONY: bench-sound
bench-sound:  ## How near masters come, into bench/SOUND.md: 45 minutes (MUSIC=, RAW=, PEER=, ARGS=)
	$(PYTHON) -m bench.sound --cache "$(DATA_DIR)/bench" $(if $(RAW),--raw "$(RAW)") $(BENCH_OPTIONS)

.PHONY: bench-speed
bench-speed:  ## What a master costs, into bench/SPEED.md (MUSIC=, PEER=, ARGS=)
	$(PYTHON) -m bench.speed --cache "$(DATA_DIR)/bench" $(BENCH_OPTIONS)

.PHONY: bench-waits
bench-waits:  ## What a person waits for on the site, into bench/WAITS.md (MUSIC=, ARGS=)
	$(PYTHON) -m bench.waits --cache "$(DATA_DIR)/bench" $(if $(MUSIC),--music "$(MUSIC)") $(ARGS)

.PHONY: bench-polls
bench-polls:  ## How often programs may ask how far a master is (ARGS=)
	$(PYTHON) -m bench.polls $(ARGS)

.PHONY: bench-ears
bench-ears:  ## What is found of damage, likeness and sections, into bench/EARS.md (MUSIC=, PAIRS=, ARGS=)
	$(PYTHON) -m bench.ears findings --music "$(MUSIC)" $(ARGS)
	$(PYTHON) -m bench.ears pairs --music "$(MUSIC)" $(if $(PAIRS),--pairs "$(PAIRS)")
	$(PYTHON) -m bench.ears sections --music "$(MUSIC)"
	$(PYTHON) -m bench.ears rank --music "$(MUSIC)"
