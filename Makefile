# make demo · make test · make lint · make lock · make clean
# Everything runs in .venv, installed from requirements.lock (hashed) with uv where it is there and pip where not.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint lock clean install

install: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) tools/check_machine.py
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python "$(PYTHON)" $(VENV) && \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
	  "$(PYTHON)" -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@$(BIN)/python tools/compile_kernels.py
	@touch $(READY)

demo: $(READY)
	@$(BIN)/python demo/run.py

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

lock:
	uv pip compile --quiet --universal --python-version 3.11 --extra ray --extra datatrove --extra train --extra hf --extra dashboard --group dev pyproject.toml \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -o requirements.lock
	@# A lock that is there is what uv keeps to, so the image gets the versions that the tests run with.
	cp requirements.lock deploy/requirements.lock
	cp requirements.lock deploy/build.lock
	uv pip compile --quiet --universal --python-version 3.11 --extra ray --extra s3 --extra dashboard pyproject.toml \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -o deploy/requirements.lock
	echo hatchling | uv pip compile --quiet --universal --python-version 3.11 - \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -o deploy/build.lock

clean:
	rm -rf $(VENV) runs .pytest_cache .hypothesis .ruff_cache
