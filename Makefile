# SPDX-License-Identifier: Apache-2.0
#
# `make demo` needs Python, make and gcc, `make test` clang too; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
JOBS ?= auto
FUZZ_SECONDS ?= 600

.PHONY: help demo test lint unit zephyr explore mutate bench fuzz clean

help:
	@echo "make demo     one whole firmware update: generated module against the local AWS"
	@echo "make test     lint, types, unit, differential, emulator and end-to-end tests"
	@echo "make zephyr   the wiring into a build, updates on a Cortex-M4 in QEMU, by MCUboot too, and twister (needs a Zephyr tree: ZEPHYR_BASE)"
	@echo "              and builds beside the nRF Connect SDK, updates by its library, and ztests, where it is (NCS_BASE)"
	@echo "make lint     ruff, mypy, and the rendered C with gcc, clang and clang-format"
	@echo "make explore  all reachable states of the update engine"
	@echo "make bench    flash, RAM, stack and instructions on a Cortex-M33, and the time of generate (Debian packages: see README)"
	@echo "make mutate   the tests against a transition table with one line broken"
	@echo "make fuzz     the parser of three descriptions under libFuzzer, FUZZ_SECONDS each (needs clang)"

# A stamp names what was installed, so that an edit of pyproject.toml installs again.
$(VENV)/.demo: pyproject.toml
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV) || { \
	  echo "make: no virtual environment: install Python 3.10 or later with venv (Debian: apt install python3-venv)" >&2; \
	  rm -rf $(VENV); exit 3; }
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable ".[emulator,host]"
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.demo
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	@touch $@

demo: $(VENV)/.demo
	$(RUN) -m aws_fota simulate --config samples/laptop/zephyr.config --description samples/laptop/aws_fota.yaml \
	  --trace build/demo/trace.jsonl --svg build/demo/sequence.svg

test: lint unit

lint: $(VENV)/.test
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m pytest -q tests/python/lint

unit: $(VENV)/.test
	$(RUN) -m pytest -q -n $(JOBS) --dist loadfile --ignore=tests/python/lint --ignore=tests/python/zephyr/test_wiring.py \
	  --ignore=tests/python/zephyr/test_coexistence.py --ignore=tests/python/zephyr/test_fota_download.py \
	  --ignore=tests/python/zephyr/test_cortex_m.py --ignore=tests/python/zephyr/test_bootloader.py

# What can only be seen on a real tree; `make test` needs none.
zephyr: $(VENV)/.test
	$(RUN) -m pytest -q tests/python/zephyr/test_wiring.py
	$(RUN) -m pytest -q -rs tests/python/zephyr/test_coexistence.py tests/python/zephyr/test_fota_download.py
	.ci/twister
	.ci/twister --ncs
	$(RUN) -m pytest -q -rs tests/python/zephyr/test_cortex_m.py tests/python/zephyr/test_bootloader.py

explore: $(VENV)/.test
	$(RUN) -m aws_fota.oracle.explore

mutate: $(VENV)/.test
	$(RUN) tests/mutation/run.py

bench: $(VENV)/.demo
	$(RUN) -m benchmarks.run

fuzz: $(VENV)/.test
	$(RUN) tests/fuzz/run.py --seconds $(FUZZ_SECONDS) $(FUZZ)

clean:
	rm -rf build $(VENV)
