# `make` alone lists what there is to do.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# What the program links, and what the tests start besides.
PACKAGES := libevent-dev libhiredis-dev libsqlite3-dev
TEST_PACKAGES := curl redis-server
BENCH_PACKAGES := gcc nginx-light python3-venv redis-server webdis wrk

CHECKED := --explicit-target-dependency-import-check error
SANITIZED := --sanitize=thread --scratch-path .build-tsan
FORMATTED := $(wildcard Package.swift Sources Tests Benchmarks)
PROGRAM := process-tracker

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## Install the Debian packages the program needs, where they are missing (DEPS=no: never)
	@.ci/packages $(PACKAGES)

.PHONY: test-deps
test-deps:
	@.ci/packages $(PACKAGES) $(TEST_PACKAGES)

.PHONY: build
build: deps ## Build for debugging, with every warning an error
	swift build $(CHECKED)

.PHONY: release
release: deps ## Build the program for production: .build/release/process-tracker
	swift build -c release --static-swift-stdlib --product $(PROGRAM)
	@# A test library in the program would be a mistake in Package.swift.
	@linked=$$(ldd .build/release/$(PROGRAM)); if grep -i testing <<< "$$linked"; then exit 1; fi

.PHONY: run
run: release ## Build a release and serve, on SQLite in ./data (ARGS='--listen 127.0.0.1:9000' for flags)
	@exec .build/release/$(PROGRAM) serve $(ARGS)

.PHONY: test
test: test-deps ## Run all tests (ARGS='--filter Name' for some)
	swift test $(CHECKED) $(ARGS)

.PHONY: chaos
chaos: test-deps ## Kill instances, workers and connections under 5,000 processes, and judge every answer (CHAOS_SEED=n)
	@# Its limit of 5 minutes is to be for the run, not for the build.
	swift build --build-tests $(CHECKED)
	CHAOS_PROCESSES=$${CHAOS_PROCESSES:-5000} swift test --skip-build --filter ChaosTests

.PHONY: sanitize
sanitize: test-deps ## Run all tests under the thread sanitizer
	swift build --build-tests $(CHECKED) $(SANITIZED)
	@# Without this library each lock that is waited for would be reported: see .ci/tsan-mutex.c.
	clang -Wall -Werror -O1 -shared -fPIC -o .build-tsan/tsan-mutex.so .ci/tsan-mutex.c
	LD_PRELOAD=$(CURDIR)/.build-tsan/tsan-mutex.so swift test --skip-build $(SANITIZED) $(ARGS)

.PHONY: lint
lint: ## Check the format of all Swift code
	swift format lint --strict --recursive --parallel $(FORMATTED)

.PHONY: format
format: ## Format all Swift code
	swift format --in-place --recursive --parallel $(FORMATTED)

.PHONY: bench
bench: release ## Measure beside evhttp, nginx, webdis, FastAPI and Celery (ARGS='--quick', ARGS='--only latency')
	@.ci/packages $(BENCH_PACKAGES)
	Benchmarks/run $(ARGS)

.PHONY: soak
soak: release ## Work steadily for 20 minutes; memory and descriptors must stay flat (ARGS='--minutes 5')
	@.ci/packages $(BENCH_PACKAGES)
	Benchmarks/soak $(ARGS)

.PHONY: docs
docs: ## Write the tables of docs/ and config/ anew from the code
	UPDATE_DOCUMENTS=1 swift test $(CHECKED) --filter ConfigurationDocumentTests

.PHONY: check
check: ## Everything: lint, build, tests, tests under the thread sanitizer, release
	$(MAKE) lint
	$(MAKE) build
	$(MAKE) test
	$(MAKE) sanitize
	$(MAKE) release

.PHONY: clean
clean: ## Remove what was built; ./data stays
	rm -rf .build .build-tsan
