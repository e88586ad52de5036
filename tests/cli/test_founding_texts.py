"""docs/models/founding-texts.md: each command and program of the page does what the page says."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import time
import urllib.request

import av
import cv2
import numpy as np
import pytest

from pipeline import cli
from pipeline.training import trainer
from tests.conftest import REPO_ROOT
from tests.evaluation.made import ALL, CAR, ELSEWHERE, write_folder
from tests.training.semantic.coloured_halves import write_halves, write_network
from tests.training.shapes import write_shapes
from tests.training.test_command import CONFIG

PAGE = (REPO_ROOT / "docs" / "models" / "founding-texts.md").read_text(encoding="utf-8")
COMMANDS = [shlex.split(line) for line in re.findall(r"^    seg-video (.*)$", PAGE, re.MULTILINE)]
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

#: Files that a command of the page leaves, by its first words.
LEAVES = {
    "photo.jpg out.jpg": ["out.jpg"],
    "pictures/ out/": ["out/a_seg.png", "out/b_seg.png", "out/c_seg.png"],
    "in.mp4 out.mp4": ["out.mp4"],
    "in.mp4 classes.mp4": ["classes.mp4", "classes.mp4.seg-run/detections.classes.parquet"],
    "export classes.mp4": ["classes/labels/000000.png", "classes/classes.json"],
    "export out.mp4": ["labels/labels/000000.txt", "labels/classes.txt"],
    "train train.yaml": ["trained/weights.safetensors", "trained/losses.png"],
    "eval DATA": [],
    "train semantic.yaml": ["streets/weights.safetensors", "streets/metrics.csv", "streets/losses.png"],
    "eval STREETS": [],
    "photo.jpg out.png": ["out.png", "out.png.seg-run/labels/out.png.png"],
    "photo.jpg both.jpg": ["both.jpg", "both.jpg.seg-run/labels/both.jpg.png"],
    "export both.jpg": ["panoptic/panoptic.json", "panoptic/panoptic/photo.png"],
    "live 0": [],
    "live rtsp://camera/stream": [],
}


@pytest.fixture(scope="module")
def things(tmp_path_factory, traffic):
    """A folder with all that the page names."""
    folder = tmp_path_factory.mktemp("things")
    write_folder(
        folder / "DATA",
        {f"{name}.png": ("city", "bonn", ALL, [(CAR, 3), (ELSEWHERE, 3)]) for name in "abc"},
    )
    shutil.copytree(folder / "DATA" / "images", folder / "pictures")
    cv2.imwrite(str(folder / "photo.jpg"), cv2.imread(str(folder / "pictures" / "a.png")))
    shutil.copy(traffic, folder / "in.mp4")
    (folder / "list.txt").write_text("a.png\n")
    write_shapes(folder / "shapes")
    (folder / "train.yaml").write_text(
        CONFIG.replace("data: data", "data: shapes").replace("output: out", "output: trained")
    )
    write_halves(folder / "STREETS")
    write_network(folder / "semantic.safetensors")
    (folder / "semantic.yaml").write_text(
        "task: semantic\ndata: STREETS\nvalidation: STREETS/val.txt\noutput: streets\nwidth: 2\n"
        "full_canvas: [32, 32]\nbatch: 2\nsteps: 2\nwarmup_steps: 1\nlog_every: 1\n"
    )
    return folder


@pytest.fixture
def here(things, tmp_path, monkeypatch):
    """The current folder, with a copy of them."""
    shutil.copytree(things, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_has_commands_and_programs_and_no_others_than_are_tried():
    assert len(PROGRAMS) == 2
    assert {" ".join(words[:2]) for words in COMMANDS} == set(LEAVES)


@pytest.mark.parametrize(
    "words", [words for words in COMMANDS if words[0] != "live"], ids=lambda words: " ".join(words[:4])
)
def test_a_command_leaves_what_it_says(here, fake_network, command, monkeypatch, capsys, words):
    # What a step learns is tested where training is.
    monkeypatch.setattr(trainer, "make_step", lambda *_: lambda images, targets: {"loss": 1.0})
    if words[0] == "export":
        source, more = ("photo.jpg", []) if words[1] == "both.jpg" else ("in.mp4", ["--workers", "0"])
        assert cli.main([source, words[1], *more, "--view", "panoptic"]) == 0
        capsys.readouterr()
    if words[:2] == ["in.mp4", "classes.mp4"]:
        # A worker sets TensorFlow's threads, which only a fresh process lets it.
        process = command(*words, "--workers", "0")
        _, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
    else:
        assert cli.main([*words, *(["--workers", "0"] if words[0] == "in.mp4" else [])]) == 0
    out = capsys.readouterr().out
    for name in LEAVES[" ".join(words[:2])]:
        assert (here / name).stat().st_size > 0
    if words[:2] == ["eval", "STREETS"]:
        assert {"sky", "road", "tree", "mean", "IOU", "DICE"} <= set(out.split())
    if words[:2] == ["eval", "DATA"]:
        assert {"car", "mean", "PIXELS", "DICE"} <= {
            word for line in out.splitlines() for word in line.split()
        }
    if words[:2] == ["export", "out.mp4"]:
        line = (here / "labels" / "labels" / "000000.txt").read_text().splitlines()[0].split()
        assert len(line) % 2 == 0  # the class, pairs, and the score


@pytest.mark.parametrize(
    "words", [words for words in COMMANDS if words[0] == "live"], ids=lambda words: " ".join(words[1:3])
)
def test_a_live_picture_is_served(here, command, words):
    """The film stands for the camera, and any free port for the page's."""
    options = [word for word in words[2:] if word not in ("--port", "5000")]
    process = command("live", "in.mp4", "--loop", *options, "--port", "0")
    try:
        address = re.search(r"http://[^/]+:(\d+)/(\S*)", process.stderr.readline())
        port, token = address.groups()
        assert bool(token) == ("--host" in words)
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/{token}", timeout=30).read().decode()
        assert "stream.mjpg" in page
        if "--record" in words:
            deadline = time.monotonic() + 60
            while not (here / "drive.mp4").stat().st_size and time.monotonic() < deadline:
                time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 0
        if "--record" in words:
            with av.open("drive.mp4") as kept:
                assert [stream.type for stream in kept.streams] == ["video", "audio"]
                assert next(kept.decode(video=0)).width == 160
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("program", PROGRAMS, ids=["a picture", "a video"])
def test_a_program_prints_what_it_finds(here, fake_network, capsys, program):
    space: dict[str, object] = {}
    exec(compile(program, "the page", "exec"), space)
    assert "car" in capsys.readouterr().out
    masks = space["masks"] if "masks" in space else space["found"].masks(*space["image"].shape[:2])
    assert masks.dtype == np.bool_
