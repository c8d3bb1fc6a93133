# One entry point for people and for CI. `make test` is the whole verdict on behaviour, `make check` on form.

CARGO ?= cargo
FUZZ_SECONDS ?= 60
BENCH ?= all
STATES ?= 30000
SEED ?= 1
MINUTES ?= 20
SUITE ?= model
ARGS ?=

.PHONY: help check test oldest crash torture soak demo bench bench-quick instructions fuzz doc package

help:
	@echo "make check   formatting, clippy and rustdoc, warnings as errors"
	@echo "make test    builds and runs every test"
	@echo "make oldest  the Python adapters with the oldest frameworks that their extras allow"
	@echo "make crash   STATES=30000 crash states, each sync, lock and check knocked out, every call failed, bit rot"
	@echo "make torture MINUTES=20 of eight processes on one store, every operation, killed at system calls, from SEED=1"
	@echo "make soak    SUITE=model by the million: what \`make test\` runs a share of; SUITE=help lists the suites and their ARGS"
	@echo "make demo    records a real git history and shows what can be done with it"
	@echo "make bench   times against peers (BENCH=durable-step for one of them)"
	@echo "make bench-quick   a few rows in three minutes, before and after a change with BEFORE=COMMIT"
	@echo "make instructions  counts those of a step, and fails where they are 5 % more than recorded"
	@echo "make fuzz    each fuzz target for FUZZ_SECONDS=60; installs nightly and cargo-fuzz"
	@echo "make package what would be published: its files, its doctests, and a build of it"
	@echo "make doc     the library's reference, in target/doc, and the documentation's site, in target/site"

check:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) clippy -p partita --no-default-features --features tokens --all-targets -- -D warnings
	$(CARGO) clippy -p partita --no-default-features --features serde --all-targets -- -D warnings
	$(CARGO) clippy -p partita --no-default-features --features fast-tokens,store --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items

test:
	CARGO="$(CARGO)" scripts/test.sh

oldest:
	CARGO="$(CARGO)" scripts/python-oldest.sh

crash:
	STATES="$(STATES)" SEED="$(SEED)" $(CARGO) run --release -p partita-tests --bin crash

torture:
	$(CARGO) run --release -p partita-tests --bin torture -- --minutes "$(MINUTES)" --seed "$(SEED)"

soak:
	$(CARGO) run --release -p partita-tests --bin soak -- $(SUITE) $(ARGS)

demo:
	CARGO="$(CARGO)" scripts/demo.sh

bench:
	$(CARGO) run --release -p partita-benches -- $(BENCH)

bench-quick:
	CARGO="$(CARGO)" scripts/bench-quick.sh $(BEFORE)

instructions:
	CARGO="$(CARGO)" scripts/instructions.sh $(ARGS)

fuzz:
	CARGO="$(CARGO)" FUZZ_SECONDS="$(FUZZ_SECONDS)" scripts/fuzz.sh

package:
	CARGO="$(CARGO)" scripts/package.sh

doc:
	CARGO="$(CARGO)" scripts/docs.sh
