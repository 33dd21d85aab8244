# Everything a developer runs. `make` alone lists it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PORT ?= 7379
DIR ?= ringsearch-data
export PORT DIR

# STRICT=1 turns warnings of this package's own code into errors, as CI does.
ifdef STRICT
export RINGSEARCH_STRICT := 1
endif

.PHONY: help packages build release run test demo golden conformance clients crash hostile fuzz seeds bench format lint check clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

packages: ## install the Debian packages that building and running needs
	@scripts/install-packages

build: packages ## debug build of everything
	swift build --build-tests

release: packages ## release build of the server
	swift build -c release --product ringsearchd

run: release ## build the server and run it in the foreground (PORT=7379 DIR=ringsearch-data)
	@exec scripts/run-server

test: packages ## all tests; FILTER=Words runs those whose name matches
ifdef FILTER
	swift test --disable-xctest --filter '$(FILTER)'
else
	swift test --disable-xctest --skip RingNodeTests
	@# Links have deadlines: their tests are not to wait behind others that keep every core busy.
	swift test --disable-xctest --skip-build --filter RingNodeTests
endif

demo: ## load Debian's package descriptions into a running server and ask five questions (PORT=7379)
	@command -v python3 >/dev/null || scripts/install-packages python3-minimal
	@python3 scripts/demo --port $(PORT)

golden: ## record the golden transcripts anew from the peer on PEER_PORT, which is emptied
	@[ -n "$(PEER_PORT)" ] || { echo "make golden PEER_PORT=port of a RediSearch 2.10 that may be emptied"; exit 64; }
	python3 Tests/CommandsTests/record-golden $(PEER_PORT) $$(grep -rl '^# Recorded from' Tests/CommandsTests/Golden)

conformance: release ## compare with a peer, RINGSEARCH_PEER=host:port (SEED= COUNT= CONSTRUCT= PIPELINES=1)
	swift run -c release conformance $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT)) \
	    $(if $(CONSTRUCT),--construct $(CONSTRUCT)) $(if $(PIPELINES),--pipelines)

clients: release ## what client libraries of Python do (PYTHON=python3 STORE=redis-server of 7.4 for expiring fields)
	$(or $(PYTHON),python3) Tests/Clients/run $(if $(STORE),--store '$(STORE)')

crash: release ## kill -9 a server under load ROUNDS times and look for lost documents
	python3 Tests/Crash/crashtest --rounds $(or $(ROUNDS),10)

hostile: release ## send COUNT malformed and hostile requests to a server
	python3 Tests/Crash/hostile --count $(or $(COUNT),10000)

fuzz: packages ## fuzz one parser for a while (TARGET=query SECONDS=60)
	scripts/fuzz '$(or $(TARGET),query)' '$(or $(SECONDS),60)'

seeds: packages ## run every fuzz target on its seeds, where past finds lie
	swift build --product fuzz
	@for target in Tests/Fuzz/Seeds/*; do .build/debug/fuzz "$$(basename $$target)" $$target/* | tail -n 1; done

bench: release ## measure a server, and RINGSEARCH_PEER=host:port beside it
	swift run -c release --package-path Benchmarks ringbench --server .build/release/ringsearchd $(BENCH)

format: ## rewrite the sources in the house style
	swift format format --in-place --parallel --recursive Package.swift Sources Tests $(wildcard Benchmarks)

lint: ## report what `make format` would change
	swift format lint --strict --parallel --recursive Package.swift Sources Tests $(wildcard Benchmarks)

check: ## what CI runs
	.ci/run

clean: ## remove build products (data directories stay)
	rm -rf .build Benchmarks/.build
