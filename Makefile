# What people type. The work itself is in scripts/.

CARGO_TARGET_DIR ?= $(HOME)/.cache/tradepost/target
DEMO_DATA ?= $(HOME)/.cache/tradepost/demo
DEMO_LISTEN ?= 127.0.0.1:8080
export CARGO_TARGET_DIR

.PHONY: demo demo-afresh test check fmt

# A server with something in it: addresses, sign-ins, keys and curl lines are printed.
demo:
	cargo build --profile demo --locked --bin tradepost
	$(CARGO_TARGET_DIR)/demo/tradepost demo --listen $(DEMO_LISTEN) --data $(DEMO_DATA)

# The same from nothing: forgets what was done in the last one.
demo-afresh:
	rm -rf $(DEMO_DATA)
	$(MAKE) demo

# Everything that CI runs. Installs what is missing where it may.
test:
	scripts/test

# The quick part: what a compiler and the pure tests say.
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo test --workspace --lib --locked

fmt:
	cargo fmt --all
