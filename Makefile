# What people type. The work itself is in scripts/.

CARGO_TARGET_DIR ?= $(HOME)/.cache/tradepost/target
DEMO_DATA ?= $(HOME)/.cache/tradepost/demo
DEMO_LISTEN ?= 127.0.0.1:8080
export CARGO_TARGET_DIR

.PHONY: demo demo-afresh release test bench drill check fmt

# A server with something in it: addresses, sign-ins, keys and curl lines are printed. Where a browser is there, the documentation gets its pictures.
demo:
	cargo build --profile demo --locked --bin tradepost
	scripts/pictures-beside $(CARGO_TARGET_DIR)/demo/tradepost
	$(CARGO_TARGET_DIR)/demo/tradepost demo --listen $(DEMO_LISTEN) --data $(DEMO_DATA)

# The same from nothing: forgets what was done in the last one.
demo-afresh:
	rm -rf $(DEMO_DATA)
	$(MAKE) demo

# What is packed: the program, and beside it the pictures of its documentation.
release:
	cargo build --release --locked --bin tradepost
	scripts/pictures-beside $(CARGO_TARGET_DIR)/release/tradepost
	@echo "$(CARGO_TARGET_DIR)/release/tradepost, and docs-pictures beside it if there are any"

# Everything that CI runs. Installs what is missing where it may.
test:
	scripts/test

# What the product does per second beside its floor, both databases: make bench, make bench BENCH="order" BENCH_FLAGS="--json --keys 100000".
BENCH ?= fulfill order import export read start
BENCH_FLAGS ?=
bench:
	cargo build --release --locked -p tradepost --bin tradepost
	for what in $(BENCH); do $(CARGO_TARGET_DIR)/release/tradepost bench $$what $(BENCH_FLAGS) && $(CARGO_TARGET_DIR)/release/tradepost bench $$what $(BENCH_FLAGS) --database "$$(TRADEPOST_TEST_POSTGRES_DURABLE=1 scripts/test-postgres)" || exit 1; done
	$(CARGO_TARGET_DIR)/release/tradepost bench servers $(BENCH_FLAGS) --database "$$(TRADEPOST_TEST_POSTGRES_DURABLE=1 scripts/test-postgres)"

# The drills at length, and a table of what they counted: make drill, or make drill DRILL="--rounds 20 crash races".
drill:
	scripts/drill $(DRILL)

# The quick part: what a compiler and the pure tests say.
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo test --workspace --lib --locked

fmt:
	cargo fmt --all
