# make demo    train a tokenizer, check it, train a small GPT on it, look at the result
# make test    the whole test suite              make check   linters, types, layers, formatting
# make bench   the benchmarks                    make format  format Python and C++
# make sanitize  the native tests with the sanitizers (half an hour)
# make clean   remove everything that was built
#
# Each makes the virtual environment it needs in .venv; PYTHON chooses the interpreter (3.11 to 3.14).

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
SAY    := @printf '\033[1m==> %s\033[0m\n'
CPP    := $(shell find csrc -name '*.cpp' -o -name '*.h')

.PHONY: demo test check bench format sanitize clean
.DELETE_ON_ERROR:
.NOTPARALLEL:
# Stamps are the point of the pattern rule; they are no intermediate files.
.PRECIOUS: $(VENV)/extras-%

demo: $(VENV)/core $(VENV)/extras-model
	@$(BIN)/python -m demo $(DEMO_ARGS)

test: $(VENV)/core $(VENV)/extras-test
	$(SAY) 'running the tests'
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/core $(VENV)/extras-test $(VENV)/extras-dev
	$(SAY) 'ruff'
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	$(SAY) 'mypy --strict'
	@$(BIN)/mypy
	$(SAY) 'stubtest: the module against its stub'
	@$(BIN)/python -m mypy.stubtest --mypy-config-file pyproject.toml --allowlist tools/stubtest_allowlist.txt bpe._core
	$(SAY) 'clang-format'
	@$(BIN)/clang-format --dry-run --Werror $(CPP)
	$(SAY) 'layers, public surface, version'
	@$(BIN)/python -m pytest -q tests/test_architecture.py
	$(SAY) 'all checks passed'

bench: $(VENV)/core $(VENV)/extras-bench
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

sanitize: $(VENV)/core $(VENV)/extras-test
	$(SAY) 'address and undefined behaviour'
	@$(BIN)/python tools/sanitize.py address
	$(SAY) 'threads'
	@$(BIN)/python tools/sanitize.py thread

format: $(VENV)/extras-dev
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .
	@$(BIN)/clang-format -i $(CPP)

clean:
	rm -rf $(VENV) build dist demo-output *.egg-info bpe/_core*.so
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- environment: each stamp is a file in .venv, so a second call does nothing ---------------------

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Python 3.11 or newer is needed; choose one: make PYTHON=python3.12'; exit 1; }
	$(SAY) 'making a virtual environment in $(VENV)'
	@$(PYTHON) -m venv $(VENV) || \
	  { echo 'the venv module is incomplete: apt install python3-venv'; rm -rf $(VENV); exit 1; }
	@touch $@

$(VENV)/build-tools: $(VENV)/created constraints.txt
	$(SAY) 'installing the build tools'
	@$(PIP) setuptools wheel pybind11
	@touch $@

$(VENV)/core: $(VENV)/build-tools setup.py pyproject.toml $(CPP)
	$(SAY) 'compiling the C++ core'
	@$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/extras-model:   EXTRAS := model,tiktoken
$(VENV)/extras-test:    EXTRAS := model,test,zstd,parquet
$(VENV)/extras-dev:     EXTRAS := dev
$(VENV)/extras-bench:   EXTRAS := bench
$(VENV)/extras-%: $(VENV)/build-tools pyproject.toml
	$(SAY) 'installing [$(EXTRAS)]: a minute or two the first time'
	@$(PIP) --no-build-isolation --editable '.[$(EXTRAS)]'
	@touch $@
