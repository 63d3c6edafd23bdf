# run: install, train, classify a page, serve.  test: run the tests.  check: what CI runs.
# bench: how fast scoring is.  bench-train: how good training is.  bench-archive: whole archives, and the
# memory they take.  bench-http: how fast the server is; bench-mlserver installs a rival;
# bench-workbench: how long a person waits in a browser.
# screenshots: every page of the workbench, in build/screenshots (needs a Chinese font).
# soak: ten minutes of mixed load.  fuzz: a million bad requests, and the API's own description.
# lock: pin the versions anew.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check bench bench-train bench-archive bench-http bench-mlserver bench-workbench soak fuzz wrk chromium postgresql screenshots
.PHONY: bundle check-bundle lock clean

run: $(VENV)/run
	$(BIN)/govtheme train
	$(BIN)/govtheme classify --file data/sample_page.txt
	$(BIN)/govtheme serve

test: $(VENV)/dev chromium postgresql
	$(BIN)/pytest

check: $(VENV)/dev chromium postgresql
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/govtheme corpus check bundled
	$(BIN)/pytest

bench: $(VENV)/bench
	$(BIN)/python -m tests.benchmarks.scoring

bench-train: $(VENV)/dev
	$(BIN)/python -m tests.benchmarks.training

bench-archive: $(VENV)/dev
	$(BIN)/python -m tests.benchmarks.archive

bench-http: $(VENV)/dev wrk
	$(BIN)/python -m tests.benchmarks.http

bench-workbench: $(VENV)/dev chromium
	$(BIN)/python -m tests.benchmarks.workbench

# Not in our environment: it wants older versions of what we use.
bench-mlserver: build/mlserver/bin/mlserver

build/mlserver/bin/mlserver:
	$(PYTHON) -m venv build/mlserver
	build/mlserver/bin/pip install --quiet --disable-pip-version-check 'mlserver==1.7.*' 'mlserver-sklearn==1.7.*' jieba

# Programs of the system: a load generator, and the browser that the workbench is tested in.
wrk chromium:
	@command -v $@ >/dev/null || { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq $@; } || { echo "需要 $@：请以 root 运行 apt-get install $@" >&2; exit 1; }

# Its programs are not on the path.
postgresql:
	@ls -d /usr/lib/postgresql/*/bin >/dev/null 2>&1 || { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq $@; } || { echo "需要 $@：请以 root 运行 apt-get install $@" >&2; exit 1; }

screenshots: $(VENV)/dev chromium
	$(BIN)/python -m tests.service.workbench.screenshots

soak: $(VENV)/dev
	$(BIN)/python -m tests.soak

fuzz: $(VENV)/dev
	$(BIN)/python -m tests.fuzz
	$(BIN)/python -m tests.fuzz.openapi

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# hatchling is in the lock, so that nothing outside it builds the package.
$(VENV)/run: $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/dev: $(VENV)/bin/python requirements-dev.lock pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/bench: $(VENV)/dev requirements-bench.lock
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-bench.lock
	touch $@

# For machines without a network; EXTRA=archive adds the office formats, MODELS=artifacts the model.
bundle: $(VENV)/dev
	$(BIN)/python -m service.deployment.bundle $(addprefix --extra ,$(EXTRA)) $(addprefix --models ,$(MODELS))

check-bundle: $(VENV)/dev
	.ci/bundle

lock:
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url --generate-hashes --extra build -o requirements.lock pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url --generate-hashes --extra build --extra dev -o requirements-dev.lock pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url --generate-hashes --extra build --extra bench -o requirements-bench.lock pyproject.toml

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
