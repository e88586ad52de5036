"""Fixtures for the tests of every room."""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

import imageio_ffmpeg
import pytest
from hypothesis import settings

from pipeline.job.request import make_request
from pipeline.loading.given import Given
from pipeline.networks import registry
from pipeline.run import pools
from pipeline.run.report.reporter import JsonReporter
from pipeline.run.run_videos import run_videos
from pipeline.run.stopping import StopSignal
from pipeline.run.work.segment_worker import SegmentWorker
from pipeline.workers.allocator import give_back_memory
from tests import fake_network as fake_network_module
from tests.alone import PREFIX
from tests.traffic import write_traffic

#: Every test takes the ffmpeg that the package brings, whatever the machine has of its own.
os.environ["SEG_VIDEO_FFMPEG"] = imageio_ffmpeg.get_ffmpeg_exe()
#: A hundred commands that tests start would each compile the package anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

HERE = Path(__file__).resolve().parent

#: The same examples on every machine and every time, and no folder that remembers others.
settings.register_profile("seg-video", derandomize=True, database=None, deadline=None, max_examples=60)
settings.load_profile("seg-video")

#: Variables that a library sets for good when it is loaded, TensorFlow most of them, and pytest's own.
SET_BY_LIBRARIES = frozenset(
    (
        *("ENABLE_RUNTIME_UPTIME_TELEMETRY", "HDF5_PLUGIN_PATH", "TF2_BEHAVIOR", "TF_CPP_MIN_LOG_LEVEL"),
        *("TPU_ML_PLATFORM", "TPU_ML_PLATFORM_VERSION", "TPU_SKIP_MDS_QUERY"),
        *("PYTEST_CURRENT_TEST", "SVT_LOG"),
    )
)

REPO_ROOT = Path(__file__).resolve().parents[1]

#: What takes longest comes first, so that no process begins with it when the others are through.
LONGEST = (
    "training/test_overfit.py",
    "networks/test_parity.py",
    "sample/test_accuracy.py",
    "run/test_hand_over.py",
    "model/test_backends.py",
    "run/test_workers.py",
    "training/semantic/test_semantic_training.py",
)


def pytest_collection_modifyitems(items):
    places = {HERE / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_session(tmp_path_factory):
    """The user's own cache is left alone: converted networks go to a folder of all the processes of the tests."""
    folder = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        owner = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
        patch.setenv("SEG_VIDEO_CACHE", str(owner / "cache"))
        # For a process that ends soon; this one would keep up to a gigabyte of what each test frees.
        patch.setattr("pipeline.workers.allocator.keep_memory", lambda: None)
        yield


@pytest.fixture(scope="module", autouse=True)
def memory_handed_back():
    """Freed memory goes back to the system behind each file, as a process of tests may hold two gigabytes."""
    yield
    give_back_memory()


@pytest.fixture(autouse=True)
def process_stays_as_it_is(request):
    """No test leaves the process changed for those behind it; what cannot help it has a process of its own."""
    if request.path.name.startswith(PREFIX):
        yield
        return
    before, threads = process_state(), set(threading.enumerate())
    yield
    assert process_state() == before
    left = [one for one in threading.enumerate() if not one.daemon and one not in threads]
    assert not left, "threads are left"


def process_state():
    signals = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    limits = [
        resource.getrlimit(number)
        for number in (resource.RLIMIT_FSIZE, resource.RLIMIT_DATA, resource.RLIMIT_AS)
    ]
    environment = {name: value for name, value in os.environ.items() if name not in SET_BY_LIBRARIES}
    return Path.cwd(), signals, limits, environment


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The folder that holds pyproject.toml."""
    return REPO_ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the repository: reference outputs and footage too large to keep in it."""
    folder = REPO_ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"needs the reference material in {folder}, which is not there")
    return folder


@pytest.fixture(scope="session")
def traffic(tmp_path_factory) -> Path:
    """40 frames, a keyframe every 8, sound, uneven times."""
    return write_traffic(tmp_path_factory.mktemp("traffic") / "drive.mp4")


class RecordingWorker(SegmentWorker):
    """The worker itself, which notes the numbers of the chunks that it is through with."""

    looked_at: ClassVar[list[int]] = []

    def process(self, task):
        found = super().process(task)
        self.looked_at.append(task.chunk.index)
        return found


@pytest.fixture
def fake_network(monkeypatch):
    """The fake network in the place of the embedded one; the worker, with the chunks it has looked at."""
    monkeypatch.setitem(registry.KINDS, "own", fake_network_module.KIND)
    monkeypatch.setattr(pools, "SegmentWorker", RecordingWorker)
    monkeypatch.setattr(RecordingWorker, "looked_at", [])
    return RecordingWorker


@pytest.fixture
def work(fake_network):
    """work(inputs, output, key=value, ...): do a job in this process; its results and its events."""

    def do(inputs, output, stop=None, **options):
        stream = io.StringIO()
        values = {key.replace("_", "-"): value for key, value in {"workers": 0, **options}.items()}
        request = make_request(
            tuple(map(str, inputs)), None if output is None else str(output), Given(values)
        )
        results = run_videos(request, JsonReporter(stream), stop or StopSignal())
        return results, [json.loads(line) for line in stream.getvalue().splitlines()]

    return do


@pytest.fixture
def drive_here(tmp_path, monkeypatch, fake_network, traffic):
    """The current folder, with the traffic as drive.mp4 in it; the embedded network is the fake one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drive.mp4").write_bytes(traffic.read_bytes())
    return tmp_path


def start_command(folder: Path, *arguments, **environment) -> subprocess.Popen:
    """A process of the command line in that folder, with the fake network."""
    return subprocess.Popen(
        [sys.executable, str(HERE / "driver.py"), *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def command(tmp_path):
    """command(arguments, **environment): a process of the command line with the fake network."""
    return partial(start_command, tmp_path)


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory, traffic) -> Path:
    """What one process makes of the traffic in chunks of 4 frames, with the folder of its run beside it."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    process = start_command(folder, traffic, "out.mp4", "--workers", 0, "--chunk-frames", 4)
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    return folder / "out.mp4"


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory):
    """A compact Mask R-CNN of a few channels with the same random weights in every run: 4 ms a frame."""
    import keras

    from pipeline.model import presets
    from pipeline.model.mask_rcnn import make_model
    from pipeline.networks.checkpoint import save_checkpoint

    keras.utils.set_random_seed(3)
    config = presets.compact(canvas=(64, 96))
    config = replace(
        config,
        backbone=replace(config.backbone, width=8, blocks=(1, 1, 1, 1)),
        fpn=replace(config.fpn, channels=8),
        rpn=replace(config.rpn, pre_nms=20, post_nms=8),
        box_head=replace(config.box_head, dense=1, dense_channels=8),
        mask_head=replace(config.mask_head, convs=1, channels=8),
        detection=replace(config.detection, count=6),
    )
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(make_model(config), path, {})
    return path
