# `make test` from a fresh clone needs Python >= 3.10 with venv, and the Python package index; nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# One process more than cores, as many tests wait for processes of their own, and four at most, as each takes up to 2 GB.
# Each takes whole files, in the order of tests/conftest.py. One that crashes ends the run: pytest-xdist 3.8 gives the
# crashed test to its successor again, and can then wait for ever (its issue 1378).
PROCESSES := $(shell $(PYTHON) -c 'import os; print(min((os.cpu_count() or 1) + 1, 4))')
TEST := $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder --max-worker-restart 0

# The stamp carries the interpreter's version and home, so that another PYTHON makes a new environment.
PYTHON_ID := $(shell $(PYTHON) -c 'import sys; print(sys.version.split()[0] + sys.base_prefix.replace("/", "_"))')
MADE := $(VENV)/.made-$(PYTHON_ID)
READY := $(VENV)/.ready-$(PYTHON_ID)
INSTALLED := $(VENV)/.installed-$(PYTHON_ID)

.PHONY: help demo sample pictures test check bench soak clean

help:
	@echo 'make demo    set up, run seg-video on the sample clip, and show where the result is'
	@echo 'make test    set up and run the fast tests'
	@echo 'make check   lint, format, types, dead code and the fast tests'
	@echo 'make bench   measure the network on every runtime (benchmarks/network.py)'
	@echo 'make soak    an hour of 1080p, 200 short clips, four runs side by side (benchmarks/soak.py); CLIP=... names the footage'
	@echo 'make sample  draw the sample clip and its truth anew (10 minutes)'
	@echo 'make pictures  the pictures of the README and of mask edges, out of the demo'
	@echo 'make clean   remove the environment that make made'

$(MADE):
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

# What the README's commands need; the tools of the tests come with `make test`.
$(READY): $(MADE) pyproject.toml
	@echo 'installing packages into $(VENV): some minutes, the first time'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[train,cluster,remote]'
	@touch $@

$(INSTALLED): $(MADE) pyproject.toml
	@echo 'installing packages into $(VENV): some minutes, the first time'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,train]'
	@touch $@

demo: $(READY)
	$(BIN)/seg-video sample_videos/drive.mp4 outputs/drive_seg.mp4 --model dashcam-lite -y
	@$(BIN)/python -m sample_videos.contact_sheet outputs/drive_seg.mp4 outputs/drive_seg.png >/dev/null
	@echo
	@echo 'Model:  dashcam-lite, the small one that comes with the package; larger ones: $(BIN)/seg-video models'
	@echo 'Video:  $(CURDIR)/outputs/drive_seg.mp4'
	@echo 'Sheet:  $(CURDIR)/outputs/drive_seg.png'

# The same seed draws the same frames and the same truth.
sample: $(INSTALLED)
	$(BIN)/python -m sample_videos.drawn_drive --out sample_videos

pictures: $(INSTALLED) demo
	$(BIN)/python -m sample_videos.contact_sheet outputs/drive_seg.mp4 docs/pictures/drive.jpg --columns 2 --rows 2 --width 640
	$(BIN)/python -m sample_videos.edge_sheet sample_videos/drive.mp4 outputs/drive_seg.mp4.seg-run/detections.parquet \
		docs/pictures/mask_edges.png --frame 100 --width 400 --height 280
	$(BIN)/python -m sample_videos.film_sheet sample_videos/drive.mp4 outputs/drive_seg.mp4.seg-run/detections.parquet \
		docs/pictures/film_sample.jpg --frames 20 22 24 26 28 --region 440,150,320,200
	$(BIN)/python -m sample_videos.tour docs/pictures

test: $(INSTALLED)
	$(TEST)

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/vulture
	$(TEST)

bench: $(INSTALLED)
	$(BIN)/python benchmarks/network.py

CLIP ?= sample_videos/drive.mp4

soak: $(INSTALLED)
	$(BIN)/python benchmarks/soak.py $(CLIP)

clean:
	rm -rf $(VENV)
