# gridflex: `make run` answers for the built-in province, `make test` runs everything; both set up .venv themselves.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
PEERS_VENV := .venv-peers
PEERS_READY := $(PEERS_VENV)/.installed
FORECAST_PEERS_VENV := .venv-forecast-peers
FORECAST_PEERS_READY := $(FORECAST_PEERS_VENV)/.installed
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get
PROVINCE ?= zhejiang
DATA ?= ../shared/data
export GRIDFLEX_DATA ?= $(DATA)
# Of the benchmarks: the gap to prove, the limit in seconds, files whose path contains ONLY, the peers to run.
GAP ?= 0.001
TIME ?= 600
PEERS ?= egret textbook pypsa

.PHONY: run test check bench bench-uc bench-scale bench-store bench-service bench-forecast bench-forecast-speed peers forecast-peers tools
.DELETE_ON_ERROR:

run: $(READY)  ## Both services: forecast and commitment of the province's peak day; and whether it can answer 5 % of its peak.
	$(BIN)/gridflex demo $(PROVINCE)
	mkdir -p build
	$(BIN)/gridflex assess $(PROVINCE) --no-commitment --sample-years 200 --report build/$(PROVINCE).html

test: $(READY) tools  ## Format, types, imports and every test.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2

check: $(READY)  ## The same without the slow tests and the reference data.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 -m 'not slow and not data'

bench: bench-uc bench-scale bench-store bench-service bench-forecast bench-forecast-speed

bench-uc: $(READY) $(if $(strip $(PEERS)),$(PEERS_READY))  ## Every pglib-uc file under DATA, beside the peers; also ONLY, TO_GAP, RESUME=1.
	PYTHONPATH=tests $(BIN)/python -m benchmarks.unit_commitment $(DATA) --gap $(GAP) --time-limit $(TIME) \
	    --only '$(ONLY)' --peers '$(PEERS)' $(if $(TO_GAP),--to-gap $(TO_GAP)) $(if $(RESUME),--resume)

bench-scale: $(READY)  ## Time and memory over thermal units and over steps; also UNITS="100 200", STEPS="24 48".
	PYTHONPATH=tests $(BIN)/python -m benchmarks.scale --gap $(GAP) --time-limit $(TIME) \
	    $(if $(filter-out undefined,$(origin UNITS)),--units '$(UNITS)') $(if $(filter-out undefined,$(origin STEPS)),--steps '$(STEPS)')

bench-service: $(READY)  ## How quickly the dispatch service answers at 100 requests a second; also RATE=50, URL=postgresql://… of an empty database.
	PYTHONPATH=tests $(BIN)/python -m benchmarks.dispatch_service --rate $(or $(RATE),100) $(if $(URL),--url $(URL))

bench-store: $(READY)  ## Whether ten years of forecasts can be kept: time and bytes; also DAYS=20, URL=postgresql://… of an empty database.
	PYTHONPATH=tests $(BIN)/python -m benchmarks.forecast_store --days $(or $(DAYS),20) $(if $(URL),--url $(URL))

bench-forecast: $(READY) $(FORECAST_PEERS_READY)  ## Forecasts on the real series in DATA, beside others on the same windows; also ONLY="ercot_nyiso", JSON=rows.json.
	PYTHONPATH=tests $(BIN)/python -m benchmarks.forecast $(DATA) --only '$(ONLY)' $(if $(JSON),--json $(JSON))

bench-forecast-speed: $(READY)  ## Learning and answering for 500 made-up plants; also PLANTS=24 DAYS=200 KINDS=wind.
	PYTHONPATH=tests $(BIN)/python -m benchmarks.forecast.speed --plants $(or $(PLANTS),500) --days $(or $(DAYS),730) --kinds '$(or $(KINDS),wind solar)'

forecast-peers: $(FORECAST_PEERS_READY)  ## The peers of the forecasts, in an environment of their own.

$(FORECAST_PEERS_READY): tests/benchmarks/forecast-peers-constraints.txt | $(BIN)/python
	$(PYTHON) -m venv --clear $(FORECAST_PEERS_VENV)
	$(FORECAST_PEERS_VENV)/bin/python -m pip install --disable-pip-version-check -q -c $< mlforecast skforecast lightgbm pyarrow
	touch $@

peers: $(PEERS_READY)  ## The peers, in an environment of their own.

$(PEERS_READY): tests/benchmarks/peers-constraints.txt | $(BIN)/python
	$(PYTHON) -m venv --clear $(PEERS_VENV)
	$(PEERS_VENV)/bin/python -m pip install --disable-pip-version-check -q -c $< gridx-egret pypsa pyomo highspy
	touch $@

# The programs of the tests: a package a line, and where another package may have brought it, the command that counts.
tools:
	@missing=$$(grep -v '^#' tests/apt-packages.txt | while read -r package command; do \
	    { [ -n "$$command" ] && command -v "$$command" || dpkg -s "$$package"; } >/dev/null 2>&1 || echo "$$package"; done); \
	if [ -n "$$missing" ]; then $(APT) update && $(APT) install -y --no-install-recommends $$missing; fi

$(READY): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e '.[dispatch,forecast,grids,catboost,report,dev]'
	$(BIN)/python -m services.dispatch.precompile
	touch $@

# A bare Debian has Python without ensurepip; python3-venv brings it.
$(BIN)/python:
	$(PYTHON) -m venv --clear $(VENV) || { \
	    $(APT) update && $(APT) install -y --no-install-recommends python3-venv && $(PYTHON) -m venv --clear $(VENV); }
