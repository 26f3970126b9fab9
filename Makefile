# Parley. `make help` lists what there is.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

# Arguments for `make run` and `make bench`, as in: make run ARGS='--addr 127.0.0.1:9000'
ARGS ?=

# The web applications: each is built when it or the client library changed.
APPS := $(patsubst clients/%/vite.config.ts,%,$(wildcard clients/*/vite.config.ts))
WEB := $(APPS:%=.tools/built/%)

.PHONY: help
help: ## Describe every target
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

.PHONY: run
run: build ## Start Parley with its demo on this machine; data stays in .parley
	bin/parley serve --demo $(ARGS)

.PHONY: test
test: setup build ## Check and test everything; ends with the counts
	@tools/test

.PHONY: leak-mutation
leak-mutation: setup ## Break one by one what keeps notes inside; the proof must notice each
	go test -tags mutation -timeout 20m -run '^TestNote_ProofSeesEveryLeak$$' ./server

.PHONY: setup
setup: ## Install what is missing for development and tests
	@tools/setup

.PHONY: build
build: $(WEB) ## Build bin/parley with console and widget inside
	go build -o bin/parley ./cmd/parley

.PHONY: npm
npm:
	@tools/setup npm

.SECONDEXPANSION:
$(WEB): .tools/built/%: package-lock.json $$(shell find clients/$$* clients/ts -type f -not -path '*/node_modules/*') | npm
	npm run build --silent --workspace clients/$*
	@mkdir -p $(@D) && touch $@

.PHONY: gen
gen: setup ## Write all generated code anew: Go, OpenAPI, TypeScript, queries
	@tools/gen

.PHONY: check
check: setup ## Lint, vet, type-check; generated code and contract compared
	@tally=$$(mktemp); trap 'rm -f $$tally' EXIT; tools/check $$tally; .tools/bin/testsum total $$tally

.PHONY: fmt
fmt: setup ## Format the contract and the Go code
	node_modules/.bin/buf format -w proto
	gofmt -w $$(find . -name '*.go' -not -path '*/node_modules/*' -not -path './gen/*')

.PHONY: bench
bench: build ## Measure posts, deliveries and reconnects; prints a table and JSON
	bin/parley bench $(ARGS)

.PHONY: protodeps
protodeps: ## Print anew the protos that the contract imports but does not own
	go -C tools/protodeps run . ../../third_party/proto

.PHONY: clean
clean: ## Remove what was built or installed here; .parley stays
	rm -rf .tools bin node_modules server/web/dist/*/
