# Front of the build. CMake and the scripts under tools/ do the work; `make help` lists the targets.
# Variables: B=block T=test SEED=n CONFIG=tiny|small|s4 SHARD=i/n BLOCK=block SEQUENCE=tokens
#            SPARSITY=list
.DEFAULT_GOAL := help
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.PHONY: help bootstrap doctor build run resnet50 bert test unit conformance regress wave lint format check synth \
        formal netlist mutants coverage bench docs models sims hooks clean

CONFIG ?= tiny
SIMS ?= subsystem
SEQUENCE ?= 128
SPARSITY ?= 16,32

# $(call need,FILE,TARGET): says in one line that a target has no content, and fails.
need = [ -e "$(1)" ] || { echo "make $(2): nothing to do yet ($(1) does not exist)"; exit 1; }

help: ## This list
	@echo "make run and make test need nothing but Debian 12 with make and git: what is missing is"
	@echo "installed by apt. Targets:"
	grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):[^#]*## /  \1\t/' | expand -t 16

bootstrap: # installs missing packages; quick and silent when there are none
	@tools/bootstrap.sh

doctor: ## Versions of all tools, found and wanted
	@python3 tools/doctor.py

build: bootstrap ## Programs and test programs (models are built when first used)
	@tools/build.sh

run: bootstrap ## Real handwritten digits on the RTL at 1x, 8x, 16x, 32x; report in build/run/
	@tools/build.sh s4_cli
	build/bin/s4 digits --on chip --trace build/run/trace.json
	build/bin/s4 bench chip --sparsity 32 --batches 1 --json build/run/resnet50.json

resnet50: bootstrap ## ResNet-50 on the full-size chip, 1x to 32x, then with every layer's output compared
	@tools/build.sh s4_cli
	@mkdir -p build/bench
	build/bin/s4 bench chip --json build/bench/resnet50.json --html build/bench/resnet50.html
	build/bin/s4 bench chip --batch 1 --batches 1 --mode split --sparsity 1,16 \
	  --json build/bench/latency.json
	build/bin/s4 bench chip --sparsity 16 --batches 1 --store-all

bert: bootstrap ## BERT-base on the full-size chip, then with every layer's output compared; SEQUENCE=128 SPARSITY=16,32
	@tools/build.sh s4_cli
	@mkdir -p build/bench
	build/bin/s4 bench chip --network bert-base --sequence $(SEQUENCE) --batches 2 \
	  --sparsity $(SPARSITY) --json build/bench/bert-base.json --html build/bench/bert-base.html
	build/bin/s4 bench chip --network bert-base --sequence $(SEQUENCE) --batch 4 --batches 1 \
	  --sparsity 16 --store-all

test: bootstrap ## Everything that must pass: unit tests and conformance (10 minutes, 25 cold)
	@tools/build.sh
	python3 tools/run_tests.py all $(if $(SEED),--seed $(SEED))

unit: bootstrap ## Unit tests, 2 minutes; B=spu one block, T='name' one test, SEED=n
	@$(if $(B),python3 tools/run_tests.py check --block $(B))
	tools/build.sh $(if $(B),test_$(B),tests)
	python3 tools/run_tests.py unit $(if $(B),--block $(B)) $(if $(T),--name '$(T)') \
	  $(if $(SEED),--seed $(SEED))

conformance: bootstrap ## Random gemm and convolution shapes: reference, model and RTL compared
	@$(call need,tests/conformance,conformance)
	tools/build.sh test_conformance
	python3 tools/run_tests.py conformance $(if $(SEED),--seed $(SEED))

regress: bootstrap ## Full counts, resumable; SHARD=i/n a part; result in docs/regress.md
	@tools/build.sh
	python3 tools/run_tests.py regress $(if $(SHARD),--shard $(SHARD)) $(if $(SEED),--seed $(SEED))

wave: bootstrap ## Waveform of a named test: T=name; opened in GTKWave if there is a display
	@$(call need,sw/cli,wave)
	tools/build.sh s4_cli
	tools/wave.sh '$(T)'

lint: bootstrap ## verilator --lint-only -Wall --assert, every module, every configuration
	@python3 tools/lint.py

format: bootstrap ## clang-format and trailing space, in place
	@python3 tools/style.py --fix

generate: bootstrap ## Packages, headers and tables from the data files rtl/*/*.json
	@python3 tools/generate.py

check: bootstrap ## Generated files up to date, formatting, style, links
	@python3 tools/check.py

synth: bootstrap ## yosys and OpenSTA: cells, area, SRAM bits, longest path; CONFIG=tiny BLOCK=spu
	@$(call need,tools/synth.py,synth)
	python3 tools/synth.py --config $(CONFIG) $(if $(BLOCK),--block $(BLOCK))

formal: bootstrap ## Proofs; B=fifo one of them
	@$(call need,tools/formal.py,formal)
	python3 tools/formal.py $(B)

netlist: bootstrap ## Netlist of a block in tiny, for simulation; BLOCK=spu LEVEL=gates or words
	@$(call need,tools/netlist.py,netlist)
	python3 tools/netlist.py $(if $(BLOCK),--top $(BLOCK)) $(if $(LEVEL),--level $(LEVEL))

coverage: bootstrap ## Line, branch and toggle coverage of the RTL by the tests, in tiny; B=spu
	@tools/build.sh
	python3 tools/coverage.py $(if $(B),--block $(B))

mutants: bootstrap ## Seeded bugs in the RTL, and who catches them; B=spu one block, T=name one bug
	@tools/build.sh
	python3 tools/mutate.py $(if $(B),--block $(B)) $(if $(T),--name $(T))

bench: bootstrap ## Memory traffic, simulation speed, clocks of ResNet-50 and BERT, latency of the ring
	@$(call need,sw/cli,bench)
	tools/build.sh s4_cli
	@mkdir -p build/bench
	build/bin/s4 bench mem --json build/bench/mem.json
	build/bin/s4 bench sim
	build/bin/s4 bench sim --chip --repeats 1
	build/bin/s4 bench spu --json build/bench/spu.json
	build/bin/s4 bench ring

docs: bootstrap ## Regenerates the tables in docs/ and checks every link
	@python3 tools/docs.py

models: bootstrap ## Trains, prunes and quantises the shipped networks anew, from the shipped data
	@tools/build.sh s4_cli
	build/bin/s4 train digits
	build/bin/s4 train transformer

sims: bootstrap ## Builds simulation models ahead of use: CONFIG=tiny SIMS='subsystem fifo'
	@for top in $(SIMS); do for kind in fast checked wave; do
	  python3 tools/build_model.py --top $$top --config $(CONFIG) --kind $$kind
	done; done

hooks: ## Lets git run `make check` before every commit
	@git config core.hooksPath .githooks
	echo "git runs .githooks/pre-commit now"

clean: ## Removes build/
	@rm -rf build
