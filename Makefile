# Framemill: what people type. The plan itself is stages.mk, run inside the workspace.
#
# The help is made from the comments that begin with two hashes.

SHELL := /bin/bash
.SHELLFLAGS := -u -c
.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

ROOT := $(CURDIR)
BASE ?= data
TEST ?=
DATASET ?=
JOBS ?=
ifeq ($(strip $(value BASE)),)
$(error BASE is empty. Say which workspace, as in BASE=data, or leave it out)
endif
ifneq ($(filter-out 0,$(TEST)),)
override BASE := $(value BASE)/data_TEST
endif
WORDS := AS CLUSTER TEXT NAME TRIGGER CLASS TARGET SUBJECT COUNT SEED TO FILES
# Said on the command line alone: some systems have a NAME in everybody's environment, and to make itself AS is the assembler.
$(foreach name,$(WORDS),$(if $(filter environment default,$(origin $(name))),$(eval override $(name) :=)))
# Taken to the letter: a dollar in a path or a reason is a dollar, no variable of make.
TEXTS := BASE ITEM WHY Q P BY FORMAT DATASET $(WORDS)
$(foreach name,$(TEXTS),$(eval override $(name) := $$(value $(name))))

export PYTHON := $(ROOT)/.venv/bin/python
export PYTHONPATH := $(ROOT)
export PYTHONSAFEPATH := 1
# onnxruntime reports its use unless it is told not to, also while .venv is made.
export ORT_DISABLE_TELEMETRY := 1
export MILL_JOBS := $(JOBS)
export MILL_RETRY_FAILED := $(RETRY_FAILED)
export MILL_ACCEPT_VANISHED := $(ACCEPT_VANISHED)
# The shell reads these from the environment, so that no path or text of the user's is ever parsed as a command.
export $(TEXTS)

MILL = "$(PYTHON)" -m tools
AS_JSON = $(if $(filter-out 0,$(JSON)),--json)
CHANGES = "$(PYTHON)" -S -m tools.stamps.changes
STAGES := all stage0 stage1 stage2 stage3 stage4 stage5 stage6 stage7

.PHONY: help $(STAGES) turn demo slice status failures query explain reject keep pin undo doctor test lint bench soak \
	pictures clean lock people review identify name merge split sheet caption-edit trainers init estimate verify backup gc accuracy \
	models qc qc-page

## help       this list
help:
	@sed -n 's/^## //p' Makefile

## all        everything: from the footage in BASE (default data) to a packaged dataset; TEST=1 on a small slice
## stage0     read the sources        stage1  frames        stage2  people        stage3  cut-outs
## stage4     measure and select      stage5  composites    stage6  captions      stage7  package
$(STAGES): turn

# A slice that holds nothing yet gets a sample of the footage above it, or demo footage where there is none.
fill = $(CHANGES) sources "$$BASE"; code=$$?; word=; \
	if [ $$code -eq 4 ]; then $(CHANGES) sources "$${BASE%/data_TEST}"; code=$$?; word=slice; fi; \
	if [ $$code -eq 4 ]; then word=demo; elif [ $$code -ne 0 ]; then exit $$code; fi; \
	if [ -n "$$word" ]; then $(MILL).$$word --base "$$BASE" || exit $$?; fi;

# One inner make for all the stages that were asked for: two would hold each other's locks.
turn: .venv/.ready $(filter slice,$(MAKECMDGOALS))
	@$(if $(filter-out 0,$(TEST)),$(fill)) \
	seen=$$($(CHANGES) check "$$BASE" $${DATASET:+"$$DATASET"}) || exit $$?; \
	[ -n "$$seen" ] || exit 0; \
	datasets=$${seen%%$$'\n'*}; export MILL_EXPECTED="$${seen#*$$'\n'}" MILL_BASE="$$BASE"; \
	$(MAKE) -C "$$BASE" -f "$(ROOT)/stages.mk" DATASETS="$$datasets" $(filter $(STAGES),$(MAKECMDGOALS)) \
	&& $(MILL).status --base "$$BASE" --final

## status     the funnel: what came in, what became of it, stage by stage (JSON=1, as with failures, explain, people, estimate, qc)
status: .venv/.ready
	@$(MILL).status --base "$$BASE" $(AS_JSON)

## failures   what was rejected or failed; BY=reason|stage|source|run
failures: .venv/.ready
	@$(MILL).failures --base "$$BASE" --by "$${BY:-reason}" $(AS_JSON)

## query      Q=NAME [P="key=value …"] [FORMAT=table|csv|json]: a question from sql/queries; without Q their list
query: .venv/.ready
	@$(MILL).query --base "$$BASE" --format "$${FORMAT:-table}" $${P:+-p "$$P"} $${Q:+"$$Q"}

## explain    ITEM=id or path: from the source down to the package, why it is in or out
explain: .venv/.ready
	@$(MILL).explain --base "$$BASE" $(AS_JSON) -- "$$ITEM"

## reject     ITEM="id or path …" WHY="…" [DATASET=…]: you decide; the next make obeys
## keep       ITEM=…: it passes, whatever the limits say
## pin        ITEM=…: it is chosen, whatever the selection says
## undo       ITEM=…: takes the last decision on it back
reject keep pin undo: .venv/.ready
	@$(MILL).decide $@ --base "$$BASE" --dataset "$$DATASET" --why "$${WHY:-}" -- "$$ITEM"

## people     who was seen, with one picture each: BASE/sheets/people.jpg
people: .venv/.ready
	@$(MILL).people --base "$$BASE" $(AS_JSON)

## identify   ITEM=… AS=NAME|other: you say who it is
identify: .venv/.ready
	@$(MILL).identify --base "$$BASE" --as "$${AS:-}" -- "$$ITEM"

## name       CLUSTER=3 AS=emma: you say who a group of faces is
## merge      CLUSTER="3 5" [AS=emma]: they are the same person
## split      CLUSTER=3: they are two people
name merge split: .venv/.ready
	@$(MILL).name $@ --base "$$BASE" $${AS:+--as "$$AS"} --cluster "$${CLUSTER:-}"

## review     [PORT=8001]: the light table, in your browser: look at everything, decide with a key press
review: .venv/.ready
	@$(MILL).review --base "$$BASE" $${PORT:+--port "$$PORT"}

## sheet      the chosen set as one picture, and what nearly made it: BASE/sheets/DATASET.jpg
sheet: .venv/.ready
	@$(MILL).sheet --base "$$BASE" $${DATASET:+--dataset "$$DATASET"}

## caption-edit  ITEM=… TEXT="…": your words, never replaced
caption-edit: .venv/.ready
	@$(MILL).caption_edit --base "$$BASE" $${DATASET:+--dataset "$$DATASET"} --text "$${TEXT:-}" -- "$$ITEM"

## trainers   what each trainer would make of the packages: buckets, steps, what is cropped or enlarged
trainers: .venv/.ready
	@$(MILL).trainers --base "$$BASE" $${DATASET:+--dataset "$$DATASET"}

## init       a new workspace in BASE: asks, or NAME=… TRIGGER=… CLASS=… TARGET=… SUBJECT=… COUNT=…; YES=1 asks nothing
init: .venv/.ready
	@$(MILL).init --base "$$BASE" $${NAME:+--name "$$NAME"} $${TRIGGER:+--trigger "$$TRIGGER"} $${CLASS:+--class "$$CLASS"} \
	$${TARGET:+--target "$$TARGET"} $${SUBJECT:+--subject "$$SUBJECT"} $${COUNT:+--count "$$COUNT"} \
	$(if $(filter-out 0,$(YES)),--yes)

## estimate   how many frames, how long, how much disk, before anything is done; JSON=1
estimate: .venv/.ready
	@$(MILL).estimate --base "$$BASE" $(AS_JSON)

## verify     every file against its hash; REPAIR=1 puts what is lost back in the queue
verify: .venv/.ready
	@$(MILL).verify --base "$$BASE" $(if $(filter-out 0,$(REPAIR)),--repair)

## qc         did every stage run right? Checks of the manifest and the files; NO_FILES=1, FILES=1000 of each check at most
qc: .venv/.ready
	@$(MILL).qc --base "$$BASE" $(if $(filter-out 0,$(NO_FILES)),--no-files) $${FILES:+--files "$$FILES"} $(AS_JSON)

## backup     [TO=file]: the manifest, copied while it is in use
backup: .venv/.ready
	@$(MILL).backup --base "$$BASE" $${TO:+-- "$$TO"}

## gc         remove files that no current image needs; DRY_RUN=1 only says which
gc: .venv/.ready
	@$(MILL).gc --base "$$BASE" $(if $(filter-out 0,$(DRY_RUN)),--dry-run)

## models     fetch the models that the configuration names, and write their digests down; ACCEPT=1 takes changed ones
models: .venv/.ready
	@$(MILL).models --base "$$BASE" $(if $(filter-out 0,$(ACCEPT)),--accept)

## demo       make demo footage in BASE, where it holds no sources yet
demo: .venv/.ready
	@$(MILL).demo --base "$$BASE"

## doctor     what works on this machine, what does not, and what to do; ASK=1 asks the captioner elsewhere too, for nothing
doctor: .venv/.ready
	@$(MILL).doctor --base "$$BASE" $(if $(filter-out 0,$(ASK)),--ask)

## slice      COUNT=8 SEED=1: a random sample of your footage for TEST=1, as in: make slice all TEST=1
slice: .venv/.ready
	@$(MILL).slice --base "$$BASE" $${COUNT:+--count "$$COUNT"} $${SEED:+--seed "$$SEED"}

## clean      remove the stamps; harmless, the manifest knows what is done
clean:
	@rm -rf -- "$${BASE:?say which workspace}/stamps"

# --- for those who work on Framemill itself ---

## test       lint, types and tests
# Browsers and clocks share the machine with everything else: what fails is tried once more by itself, and fails then.
test: lint
	@"$(PYTHON)" -m pytest -q -n 3 --dist worksteal tests || { [ $$? -eq 1 ] && \
		echo "Once more, each of these by itself:" && "$(PYTHON)" -m pytest -q --lf --lfnf=none tests; }

## lint       ruff and mypy
lint: .venv/.ready
	@"$(PYTHON)" -m ruff check tools tests
	@"$(PYTHON)" -m ruff format --check tools tests
	@"$(PYTHON)" -m mypy

## bench      speed and memory, as ratios against a peer or a floor
bench: .venv/.ready
	@$(MILL).bench

## soak       the long campaigns: kill -9 at random points, scale
soak: .venv/.ready
	@"$(PYTHON)" -m pytest -q tests/soak

## accuracy   masks, identity, near-duplicates and sharpness, measured on ../shared: docs/accuracy.md
accuracy: .venv/.ready
	@$(MILL).accuracy

## qc-page    write the table of checks in docs/qc.md anew, from sql/qc
qc-page: .venv/.ready
	@$(MILL).inspection.page

## pictures   make the pictures of the documentation again
pictures: .venv/.ready
	@$(MILL).pictures

## lock       write requirements.txt, -light and -gpu from pyproject.toml and requirements-gpu.in (needs uv)
lock:
	@uv pip compile -q --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url \
	--no-header --extra full --extra dev pyproject.toml -o requirements.txt
	@uv pip compile -q --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url \
	--no-header --extra dev -c requirements.txt pyproject.toml -o requirements-light.txt
	@uv pip compile -q --python-version 3.11 --python-platform x86_64-manylinux_2_28 --no-deps --generate-hashes \
	--no-emit-index-url --no-header requirements-gpu.in -o requirements-gpu.txt

# LIGHT=1: without torch, ultralytics, rembg and the cloud clients. The builtin engines need none of them.
PIP = .venv/bin/python -m pip --disable-pip-version-check
# Networks in onnxruntime's form run on the GPU where there is one; GPU=0 or GPU=1 says otherwise.
GPU ?= $(if $(wildcard /proc/driver/nvidia/version),1,0)

.venv/.ready: $(if $(filter 1,$(LIGHT)),requirements-light.txt,requirements.txt)
	@command -v python3 >/dev/null || { echo "python3 is missing. Install Python 3.11 or newer."; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }
	@echo "Installing into .venv: about 2 minutes and 7 GB with torch and CUDA (LIGHT=1: without them, under 1 GB)."
	@python3 -m venv .venv || { echo "python3 -m venv failed. On Debian: apt-get install python3-venv."; exit 1; }
	@$(PIP) install --quiet --require-hashes -r $<
	@$(if $(or $(filter 1,$(LIGHT)),$(filter-out 1,$(GPU))),:,$(PIP) uninstall --quiet --yes onnxruntime && \
	$(PIP) install --quiet --no-deps --require-hashes -r requirements-gpu.txt)
# PyMatting, that rembg brings, compiles itself at its first import, for half a minute.
	@$(if $(filter 1,$(LIGHT)),:,.venv/bin/python -c "import rembg")
	@touch $@
