# Everything a person or a build server does with Pentimento. `make` alone lists the targets.

# `build`, `lint` and `test` share these flags, and `swift test` never builds by itself (it would, with other
# flags): so the three share one build folder, and nothing is compiled twice.
SWIFT_FLAGS := -c release -Xswiftc -enable-testing
SOURCES := Package.swift $(wildcard Sources Tests Snippets Examples)

# Tests of the service.
SERVED := ^(VaultTests|WorkshopTests|ServerTests)[.]

# The edits that `make demo` shows, at the settings of the model itself (Models/flowers/editing.json).
DEMO_PHOTO := Examples/dahlia.jpg
DEMO_EDIT = bin/pentimento edit $(DEMO_PHOTO) --model flowers --source "a photo of an orange flower" --seed 1

.DEFAULT_GOAL := help
.PHONY: help setup shim demo program build test test-service bench measures study ablate lint format docs pictures card fixtures mutations bundle clean
# Two `swift` commands in one build folder wait for each other at best.
.NOTPARALLEL:

help:
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 21

setup:
	@Scripts/setup

shim: setup
	@Scripts/build-torch

demo: program ## set everything up and edit a photo by text
	@mkdir -p demo
	$(DEMO_EDIT) --prompt "a photo of a red flower" -o demo/red.png
	$(DEMO_EDIT) --prompt "a photo of a sunflower" -o demo/sunflower.png
	@bin/pentimento sheet $(DEMO_PHOTO) demo/red.png demo/sunflower.png --columns 3 --side 360 -o demo/panel.jpg
	@echo "The edits are demo/red.png and demo/sunflower.png; beside the photo: demo/panel.jpg"

program: shim ## set everything up and leave bin/pentimento, which does everything but serve
	swift build $(SWIFT_FLAGS) --product pentimento
	@mkdir -p bin
	@ln -sfn "$$(swift build $(SWIFT_FLAGS) --show-bin-path)/pentimento" bin/pentimento

build: program ## the same with the local page, `bin/pentimento serve` (some minutes more)
	swift build $(SWIFT_FLAGS) --product pentimento-serve

test: shim ## set everything up and run all tests
	@python3 Tests/scripts/test_setup.py --quiet
	@python3 Tests/scripts/test_measures.py --quiet
	@Scripts/test-examples
	swift build $(SWIFT_FLAGS) --build-tests
	@# Tests run side by side: one thread each.
	OMP_NUM_THREADS=1 swift test $(SWIFT_FLAGS) --skip-build --disable-xctest --skip "$(SERVED)"
	@# The service answers on the threads that all other tests would keep busy.
	OMP_NUM_THREADS=1 swift test $(SWIFT_FLAGS) --skip-build --disable-xctest --filter "$(SERVED)"

test-service: build ## test `pentimento serve`: its clients, its page in a browser, forty sudden ends
	@Scripts/test-service

bench: build ## measure speed and memory against Python's diffusers
	@"$$(Scripts/python)" Scripts/bench.py --json Documentation/bench.json
	@Scripts/readme

measures: ## fetch the networks that published measures look with, once, into the user's cache (0.25 GB)
	@Scripts/measures

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
	@Scripts/pictures red-apple pear still-life samples objects colours interpolations edits
	@$(MAKE) --no-print-directory demo
	@Scripts/pictures dahlia

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
