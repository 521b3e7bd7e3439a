# Everything a person or a build server does with Pentimento. `make` alone lists the targets.

# `build`, `lint` and `test` share these flags, and `swift test` never builds by itself (it would, with other
# flags): so the three share one build folder, and nothing is compiled twice.
SWIFT_FLAGS := -c release -Xswiftc -enable-testing
SOURCES := Package.swift $(wildcard Sources Tests Snippets Examples)

# The edit that `make demo` shows. A lower threshold takes in the whole apple: the pear is narrower than it.
DEMO_PICTURE := Examples/red-apple.png
DEMO_SOURCE := a red apple on a wooden table
DEMO_PROMPT := a green pear on a wooden table
DEMO_EDIT = bin/pentimento edit $(DEMO_PICTURE) --source "$(DEMO_SOURCE)" --prompt "$(DEMO_PROMPT)" \
	--method diffedit --guidance 5 --option threshold=0.25 --seed 1 -o demo/result.png --mask-out demo/mask.png --panel demo/panel.png

.DEFAULT_GOAL := help
.PHONY: help setup shim demo build test bench study ablate lint format docs pictures card fixtures mutations bundle clean
# Two `swift` commands in one build folder wait for each other at best.
.NOTPARALLEL:

help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

setup:
	@Scripts/setup

shim: setup
	@Scripts/build-torch

demo: build ## set everything up and edit a sample picture by text
	@mkdir -p demo
	$(DEMO_EDIT)
	@echo "The edit is demo/result.png; where it may change: demo/mask.png; side by side: demo/panel.png"

build: shim ## set everything up and leave bin/pentimento
	swift build $(SWIFT_FLAGS) --product pentimento
	@mkdir -p bin
	@ln -sfn "$$(swift build $(SWIFT_FLAGS) --show-bin-path)/pentimento" bin/pentimento

test: shim ## set everything up and run all tests
	@python3 Tests/scripts/test_setup.py --quiet
	@Scripts/test-examples
	swift build $(SWIFT_FLAGS) --build-tests
	@# Tests run side by side: one thread each.
	OMP_NUM_THREADS=1 swift test $(SWIFT_FLAGS) --skip-build --disable-xctest

bench: build ## measure speed and memory against Python's diffusers
	@"$$(Scripts/python)" Scripts/bench.py --json Documentation/bench.json
	@Scripts/readme

study: build ## measure every method on still lifes (tells how long it will take; may be interrupted)
	@Scripts/study

ablate: build ## train small variants of the default model and say what mattered (an hour and more)
	@Scripts/ablate

lint: setup ## check formatting and that no layer imports what it may not
	swift format lint --strict --recursive --parallel $(SOURCES)
	swift build $(SWIFT_FLAGS) --build-tests --explicit-target-dependency-import-check error

format: setup ## format the sources
	swift format format --in-place --recursive --parallel $(SOURCES)

docs: pictures card ## make build/docs, the README's pictures and the model card anew
	@Scripts/docs

pictures: build
	@Scripts/pictures red-apple still-life samples objects colours interpolations edits
	@$(MAKE) --no-print-directory demo
	@Scripts/pictures demo

card: build
	@Scripts/card

fixtures: build ## make the tests' reference tensors anew with Python's diffusers
	@python=$$(Scripts/python) && for script in Scripts/fixtures/*.py; do "$$python" "$$script" || exit 1; done

mutations: shim ## show that the tests notice each fault of Scripts/mutations (hours; not part of test)
	@Scripts/mutations/run

bundle: setup ## make build/bundle/pentimento.tar.gz, which runs where there is no Swift
	@Scripts/bundle

clean: ## remove what was built (the fetched libtorch stays in the user's cache)
	rm -rf .build build bin demo
