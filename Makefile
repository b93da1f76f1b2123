# Two commands matter: `make demo` and `make test`. Everything else is a part of them.
# Only Rust (by rustup), Node with npm, and make must be there; the rest is installed here, or said to be missing.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo serve test bench bench-scale bench-peers fuzz tools por por-ifma wasm page checks rust-tests wasm-tests page-tests reproducible sample screenshots clean

POR := target/release/por
WASM := target/wasm32-unknown-unknown/wasm
ACCOUNTS ?= 2000
SEED ?= 1
FUZZ_SECONDS ?= 60
PORT ?= 8000

help:
	@echo "make demo   run the main job on a sample of $(ACCOUNTS) accounts (ACCOUNTS=, SEED=)"
	@echo "make serve  serve the demo's publication and page on http://127.0.0.1:$(PORT)/ (PORT=)"
	@echo "make test   install what the tests need and run all of them"
	@echo "make fuzz   feed every reader with broken input, a minute each (FUZZ_SECONDS=)"
	@echo "make bench  measure the figures of bench/README.md"
	@echo "make bench-scale  the same with all range proofs of 10^4, 10^5 and 10^6 accounts: an hour and a quarter of two cores"
	@echo "make por-ifma     the prover with AVX-512 IFMA, where the processor has it (target/ifma)"
	@echo "make bench-peers  measure other programs beside this one, and draw the chart of the READMEs"

## The main job

demo: por page
	rm -rf demo
	$(POR) demo --out demo --accounts $(ACCOUNTS) --seed $(SEED) --page web/dist

serve:
	@test -f demo/publication/index.html || { echo "make serve: there is no demo/publication: run 'make demo' first" >&2; exit 1; }
	node web/serve.mjs demo/publication $(PORT)

## Tools

tools:
	@command -v cargo >/dev/null || { echo "Missing: cargo. Install Rust with rustup." >&2; exit 1; }
	@command -v node >/dev/null || { echo "Missing: node. Install Node 20.19 or later." >&2; exit 1; }
	@command -v npm >/dev/null || { echo "Missing: npm. It comes with Node." >&2; exit 1; }
	@if command -v rustup >/dev/null; then \
	  rustup target add wasm32-unknown-unknown 2>/dev/null || \
	    { echo "Missing: the target wasm32-unknown-unknown, and rustup could not fetch it." >&2; exit 1; }; \
	  rustup component add rustfmt clippy rust-src 2>/dev/null || \
	    { echo "Missing: rustfmt, clippy or rust-src, and rustup could not fetch them." >&2; exit 1; }; \
	fi

por: tools
	cargo build --release --locked -p por-prover

# Opt-in: the curve library keeps its AVX-512 IFMA code behind a nightly compiler, though what it needs is stable since Rust
# 1.89. RUSTC_BOOTSTRAP lets the pinned compiler build that one crate so; it is no supported switch, hence no default. Which code
# runs is chosen by the processor when the program starts.
por-ifma: tools
	RUSTC_BOOTSTRAP=curve25519_dalek RUSTFLAGS="--cfg nightly" \
	  cargo build --release --locked -p por-prover --target-dir target/ifma

wasm: tools
	verifier-wasm/build por-verifier-wasm por-reserves-wasm por-publication-wasm
	cargo build --release --locked -q -p por-bindgen
	for module in por_verifier_wasm por_reserves_wasm por_publication_wasm; do target/release/por-bindgen $(WASM)/$$module.wasm web/src/wasm; done

page: wasm web/node_modules/.package-lock.json
	cd web && npm run build

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci
	@touch $@

## Tests

test: checks rust-tests wasm-tests page-tests reproducible
	@echo "All tests passed."

checks: tools
	cargo fmt --all --check
	cargo clippy --release --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --no-deps --workspace
	.ci/check-protocol-is-pure

rust-tests: tools
	@python3 -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Missing: python3 with venv and pip, for the S3 server and the Parquet writer of the tests." >&2; exit 1; }
	tests/install-packages.sh strace faketime age
	cargo test --release --locked --workspace --no-fail-fast

wasm-tests: tools
	verifier-wasm/build vectors-wasm
	cargo run --release --locked -q -p por-bindgen -- $(WASM)/vectors_wasm.wasm target/vectors-wasm
	node tests/run-vectors-in-wasm.mjs target/vectors-wasm fixtures/vectors

page-tests: por page sample
	tests/install-packages.sh chromium:chromium:fonts-dejavu-core
	cd web && npm test
	cd web && POR_PUBLICATION=../target/sample/publication POR_STATEMENTS=../target/sample/statements npm run test:browser

# The same page from another folder and another home.
reproducible: page
	.ci/check-reproducible web/dist target/release/por-bindgen

# A small publication with its page, and statements of which all but one are forged, for the browser.
sample: por page
	node tests/make-browser-sample.mjs $(POR) target/sample web/dist

# Not a part of the tests: it ends when it is told to.
fuzz: tools
	tests/fuzz/run $(FUZZ_SECONDS)

# The pictures of web/README.md.
screenshots: sample
	tests/install-packages.sh chromium:chromium:fonts-dejavu-core
	node web/screenshots/take.mjs target/sample/publication target/sample/statements web/screenshots

bench: tools sample
	tests/install-packages.sh chromium:chromium:fonts-dejavu-core wrk
	mkdir -p target/bench
	POR_BENCH_STATEMENT=$(CURDIR)/target/bench/statement.por cargo bench -q --locked -p por-prover --bench figures
	node web/bench/wasm.mjs target/bench/statement.por
	node web/bench/page.mjs target/sample/publication target/sample/statements/honest.por
	cargo bench -q --locked -p por-prover --bench proofs
	cargo bench -q --locked -p por-prover --bench log
	cargo bench -q --locked -p por-prover --bench scale
	cargo bench -q --locked -p por-prover --bench serve

bench-scale: tools
	POR_SCALE_PROOFS=1 POR_SCALE_ROWS=10000,100000,1000000 cargo bench -q --locked -p por-prover --bench scale

# Outside the workspace: what is compared with is no dependency.
bench-peers: tools
	cd bench/peers && cargo run --release --locked -- --chart cost.svg

clean:
	rm -rf demo bench/peers/target target web/dist web/node_modules web/src/wasm
