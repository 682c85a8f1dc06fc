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
chaos:  ## 200 masters while workers are killed, frozen and misled; ten minutes
	$(PYTHON) -m tests.chaos $(ARGUMENTS)

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

BENCH_OPTIONS = $(if $(MUSIC),--music "$(MUSIC)") $(if $(PEER),--peer "$(PEER)") $(ARGS)

.PHONY: bench-sound
bench-sound:  ## How near masters come, into bench/SOUND.md: 45 minutes (MUSIC=, RAW=, PEER=, ARGS=)
	$(PYTHON) -m bench.sound --cache "$(DATA_DIR)/bench" $(if $(RAW),--raw "$(RAW)") $(BENCH_OPTIONS)

.PHONY: bench-speed
bench-speed:  ## What a master costs, into bench/SPEED.md (MUSIC=, PEER=, ARGS=)
	$(PYTHON) -m bench.speed --cache "$(DATA_DIR)/bench" $(BENCH_OPTIONS)

.PHONY: bench-ears
bench-ears:  ## What the checks, suitability and sections find: MUSIC=folder, PAIRS=tsv
	$(PYTHON) -m bench.ears findings --music "$(MUSIC)" $(ARGS)
	$(PYTHON) -m bench.ears pairs --music "$(MUSIC)" $(if $(PAIRS),--pairs "$(PAIRS)")
	$(PYTHON) -m bench.ears sections --music "$(MUSIC)"
