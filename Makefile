# `make` alone lists what there is to do.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# What the program links, and what the tests start besides.
PACKAGES := libevent-dev libhiredis-dev libsqlite3-dev
TEST_PACKAGES := curl redis-server
BROWSER_PACKAGES := chromium chromium-driver fonts-dejavu-core
BENCH_PACKAGES := gcc nginx-light python3-venv redis-server webdis wrk

# All tests at once would start hundreds of servers, and on a small machine each would take the time of all the others.
FEW_AT_ONCE := SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$$(($$(nproc) * 6))
CHECKED := --explicit-target-dependency-import-check error
SANITIZED := --sanitize=thread --scratch-path .build-tsan
FORMATTED := $(wildcard Package.swift Sources Tests Benchmarks)
PROGRAM := process-tracker
# Built beside the program, which is linked otherwise: each would have the other compiled anew.
BENCHMARKS := -c release --scratch-path .build/bench/swift

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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
	$(FEW_AT_ONCE) swift test $(CHECKED) $(ARGS)

.PHONY: test-browser
test-browser: test-deps ## Run the tests of the dashboard in a real browser
	@.ci/packages $(BROWSER_PACKAGES)
	TRACKER_BROWSER_TESTS=1 swift test $(CHECKED) --filter BrowserTests $(ARGS)

.PHONY: screenshots
screenshots: test-deps ## Take the pictures in docs/images anew
	@.ci/packages $(BROWSER_PACKAGES)
	TRACKER_BROWSER_TESTS=1 TRACKER_SCREENSHOTS=1 swift test $(CHECKED) --filter BrowserTests.ScreenshotTests

.PHONY: chaos
chaos: test-deps ## Kill instances, workers and connections under 5,000 processes, and judge every answer (CHAOS_SEED=n)
	@# Its limit of 5 minutes is to be for the run, not for the build.
	swift build --build-tests $(CHECKED)
	CHAOS_PROCESSES=$${CHAOS_PROCESSES:-5000} swift test --skip-build --filter ChaosTests

.PHONY: sanitize
sanitize: test-deps ## Run all tests under the thread sanitizer
	swift build --build-tests $(CHECKED) $(SANITIZED)
	@# Without this library much would be reported that is no race: see .ci/tsan-swift.c.
	clang -Wall -Werror -O1 -shared -fPIC -o .build-tsan/tsan-swift.so .ci/tsan-swift.c
	@# Reports go to files, since those of the programs that tests start would be seen by nobody.
	rm -rf .build-tsan/races && mkdir .build-tsan/races
	@# Under the sanitizer all tests at once would take each other's time until limits pass: one for each core at a time.
	failed=no; SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$$(nproc) LD_PRELOAD=$(CURDIR)/.build-tsan/tsan-swift.so \
	    TSAN_OPTIONS=log_path=$(CURDIR)/.build-tsan/races/report swift test --skip-build $(SANITIZED) $(ARGS) || failed=yes; \
	    find .build-tsan/races -type f -exec cat {} +; [[ $$failed == no && -z $$(ls .build-tsan/races) ]]

.PHONY: lint
lint: ## Check the format of all Swift code
	swift format lint --strict --recursive --parallel $(FORMATTED)

.PHONY: format
format: ## Format all Swift code
	swift format --in-place --recursive --parallel $(FORMATTED)

.PHONY: bench
bench: release ## Measure beside evhttp, nginx, webdis, FastAPI and Celery (ARGS='--quick', ARGS='--only latency')
	swift build $(BENCHMARKS) --product ProcessBenchmarks
	@.ci/packages $(BENCH_PACKAGES)
	Benchmarks/run $(ARGS)

.PHONY: bench-store
bench-store: test-deps ## Measure the stores alone (ARGS='cost --sizes 1000,100000 --backends sqlite --check')
	swift run $(BENCHMARKS) ProcessBenchmarks $(or $(ARGS),cost)

.PHONY: counts
counts: test-deps ## Compare what an operation costs, in counts, with Benchmarks/baseline.txt (ARGS=--update writes it)
	@# A debug build is there after the tests, but allocates otherwise: there allocations are left out.
	swift run $(if $(filter debug,$(BUILD)),$(CHECKED),$(BENCHMARKS)) ProcessBenchmarks counts $(or $(ARGS),--check)

.PHONY: soak
soak: release ## Work steadily for 20 minutes; memory and descriptors must stay flat (ARGS='--minutes 5')
	@.ci/packages $(BENCH_PACKAGES)
	Benchmarks/soak $(ARGS)

.PHONY: docs
docs: ## Write anew what repeats something: the tables of docs/ and config/, the dashboard in the code
	UPDATE_DOCUMENTS=1 swift test $(CHECKED) --filter 'ConfigurationDocumentTests|DashboardTests/isCurrent'

.PHONY: check
check: ## Everything: lint, build, tests, counts, tests under the thread sanitizer, release
	$(MAKE) lint
	$(MAKE) build
	$(MAKE) test
	$(MAKE) test-browser
	$(MAKE) counts
	$(MAKE) sanitize
	$(MAKE) release

.PHONY: clean
clean: ## Remove what was built; ./data stays
	rm -rf .build .build-tsan
