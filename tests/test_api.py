"""The front door: seg_video for programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import seg_video
from pipeline.api import segment
from pipeline.api.results import Frame
from pipeline.model.frames import check_frames
from pipeline.segment.key_frames import film_key_frames
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import Tracks
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe


@pytest.fixture(scope="module")
def made(traffic, tiny_weights, tmp_path_factory):
    """Output of a run of the tiny network; its scores are low."""
    output = tmp_path_factory.mktemp("made") / "out.mp4"
    settings = {"model": tiny_weights, "workers": 0, "conf": 0.02, "chunk_frames": 8}
    return seg_video.process(traffic, output, **settings)


def test_process_makes_what_verify_accepts(made, traffic):
    assert (made.state, made.facts.frames) == ("made", 40)
    assert seg_video.verify(str(traffic), str(made.output)).holds


def test_segment_streams_what_the_run_stored(made, traffic, tiny_weights):
    streamed = list(seg_video.segment(traffic, model=tiny_weights, conf=0.02))
    stored = list(seg_video.open_run(made.output).frames())
    assert [frame.number for frame in streamed] == list(range(40))
    assert sum(len(frame) for frame in stored) > 0
    for ours, theirs in zip(streamed, stored, strict=True):
        assert ours.seconds == theirs.seconds
        assert np.array_equal(ours.detections.boxes, theirs.detections.boxes)
        assert np.array_equal(ours.tracks.track_ids, theirs.tracks.track_ids)
        assert np.array_equal(ours.masks.data, theirs.masks.data)


def test_segment_looks_at_every_third_frame_and_chooses_them_once(traffic, tiny_weights, monkeypatch):
    asked = []
    monkeypatch.setattr(segment, "plan", lambda film: plan(film, 8))
    monkeypatch.setattr(
        segment, "film_key_frames", lambda *words: asked.append(words[1]) or film_key_frames(*words)
    )
    frames = list(seg_video.segment(traffic, model=tiny_weights, conf=0.02, every=3))
    film = probe(traffic)
    assert asked == [3]
    assert {frame.number for frame in frames if len(frame.detections)} == film_key_frames(film, 3)
    assert len(film_key_frames(film, 3)) < film.frame_count / 2


def test_segment_shows_the_classes_that_are_asked_for(traffic, tiny_weights):
    with pytest.raises(seg_video.Error, match="unicorn"):
        seg_video.segment(
            traffic, model=tiny_weights, classes=["unicorn"]
        )  # before the first frame is asked for
    frames = list(seg_video.segment(traffic, model=tiny_weights, conf=0.02, classes=("1",)))
    assert any(len(frame) for frame in frames)
    assert {int(key) for frame in frames for key in frame.boxes.cls} == {1}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"confidence": 0.4}, "no setting called"),
        ({"conf": "often"}, "conf has an invalid value"),
        ({"crf": 20}, "does not apply"),
        ({"output": "out.mp4"}, "before the settings"),
        ({"start": 10**400}, "start has an invalid value"),
    ],
)
def test_a_wrong_setting_is_told_at_once(settings, said, traffic):
    with pytest.raises(seg_video.Error, match=said):
        seg_video.segment(traffic, **settings)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"model": "nope"}, "nope"),
        ({"classes": ["dragon"]}, "no dragon"),
        ({"view": "semantic", "model": "dashcam-open"}, "gives no class to each pixel"),
        ({"ignore_region": "4000,4000,5,5"}, "lies outside the picture"),
        ({"device": "gpu"}, "no GPU can be used here"),
    ],
)
def test_what_the_network_or_the_film_cannot_give_is_told_at_once(settings, said, traffic, monkeypatch):
    monkeypatch.setattr("pipeline.networks.devices._usable_gpus", lambda: 0)
    with pytest.raises(seg_video.Error, match=said):
        seg_video.segment(traffic, **settings)


def test_a_text_is_no_switch(made, traffic, tmp_path):
    with pytest.raises(seg_video.Error, match="quick is no switch"):
        seg_video.verify(traffic, made.output, quick="no")
    for name in ("frames", "scores", "everything", "overwrite"):
        with pytest.raises(seg_video.Error, match=f"{name} is no switch"):
            seg_video.export(made.output, "yolo", tmp_path / "labels", **{name: "false"})


def test_a_missing_video_is_told_at_once(tmp_path):
    with pytest.raises(seg_video.Error, match=r"none\.mp4"):
        seg_video.segment(tmp_path / "none.mp4")


@pytest.mark.parametrize("wrong", [None, 3, ["in.mp4"], "", b"", "in\0.mp4"])
def test_what_is_no_path_is_told_at_once_and_never_named_by_its_text(wrong, traffic, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    calls = [
        lambda: seg_video.segment(wrong),
        lambda: seg_video.process(wrong, "out.mp4"),
        lambda: seg_video.process(traffic, wrong),
        lambda: seg_video.open_run(wrong),
        lambda: seg_video.export(wrong, "coco", "labels"),
        lambda: seg_video.export("out.mp4", "coco", wrong),
        lambda: seg_video.verify(wrong, traffic),
        lambda: seg_video.verify(traffic, wrong),
        lambda: seg_video.load_model(wrong),
    ]
    for call in calls:
        with pytest.raises(seg_video.Error, match="is no path"):
            call()
    assert not list(tmp_path.iterdir())


def test_paths_and_numbers_of_other_libraries_are_taken(made, traffic, tiny_weights):
    settings = {"model": tiny_weights, "conf": np.float32(0.02), "every": np.int64(20), "classes": {"1"}}
    frame = next(seg_video.segment(os.fsencode(traffic), **settings))
    assert set(frame.boxes.cls.tolist()) <= {1}
    assert seg_video.open_run(os.fsencode(made.output)).output == made.output


def test_a_video_s_run_without_its_manifest_is_no_batch_of_pictures(made, tmp_path):
    folder = tmp_path / "out.mp4.seg-run"
    shutil.copytree(f"{made.output}.seg-run", folder)
    (folder / "manifest.json").unlink()
    for ask in (seg_video.open_run, lambda run: seg_video.export(run, "coco", tmp_path / "labels")):
        with pytest.raises(seg_video.Error, match=r"video's run without its manifest\.json"):
            ask(tmp_path / "out.mp4")


def test_a_score_that_is_no_number_is_told(made, tmp_path):
    with pytest.raises(seg_video.Error, match="conf has an invalid value"):
        seg_video.export(made.output, "coco", tmp_path / "labels", conf="often")


def test_an_export_of_a_run(made, tmp_path):
    folder = seg_video.export(made.output, "yolo", tmp_path / "labels", frames=True)
    assert len(list((folder / "images").iterdir())) == len(list((folder / "labels").iterdir())) == 40
    with pytest.raises(seg_video.Error, match="is not empty"):
        seg_video.export(made.output, "csv", folder)
    with pytest.raises(seg_video.Error, match="choose from coco, yolo"):
        seg_video.export(made.output, "voc", tmp_path / "other")


def test_load_model_takes_pictures(tiny_weights):
    network = seg_video.load_model(tiny_weights, score=0.01)
    (found,) = network.segment(np.zeros((1, 64, 96, 3), np.uint8))
    assert found.boxes.shape == (len(found), 4)
    assert network.class_names
    with pytest.raises(seg_video.Error, match="no setting called 'scores'"):
        seg_video.load_model(tiny_weights, scores=0.01)


@pytest.mark.parametrize("name", ["threads", "callers", "batch", "proposals", "detections"])
def test_a_network_of_no_threads_frames_or_objects_is_told(tiny_weights, name):
    with pytest.raises(seg_video.Error, match=f"{name} must be at least 1"):
        seg_video.load_model(tiny_weights, **{name: 0})


@pytest.mark.parametrize(
    ("frames", "do"),
    [
        (np.zeros((8, 8, 3), np.uint8), r"frame\[None\]"),
        ([np.zeros((8, 8, 3), np.uint8)], r"np\.stack"),
        (np.zeros((1, 8, 8, 3), np.float32), "RGB of 0 to 255"),
        (np.zeros((1, 3, 8, 8), np.uint8), "channels last"),
        (None, "an array"),
    ],
)
def test_frames_of_another_form_are_told_with_what_to_give(frames, do):
    with pytest.raises(seg_video.Error, match=rf"uint8 \[B, H, W, 3\](?s:.*){do}"):
        check_frames(frames)


def test_the_views_that_yolo_tools_have():
    found = Detections(
        np.array([[10, 20, 30, 60]], np.float32),
        np.array([0.75], np.float32),
        np.array([3], np.int32),
        np.full((1, 28, 28), 255, np.uint8),
    )
    tracks = Tracks(found, np.array([5]), np.array([1], np.int32), found.scores)
    frame = Frame(0, 0.0, found, tracks, width=100, height=80, names={1: "person", 3: "car"})
    assert repr(frame) == "<Frame 0 at 0.000 s: 1 tracks, 1 detections>"
    boxes, masks = frame.boxes, frame.masks
    assert boxes.xyxy.tolist() == [[10, 20, 30, 60]]
    assert boxes.xywh.tolist() == [[20, 40, 20, 40]]
    assert boxes.xyxyn.tolist() == [pytest.approx([0.1, 0.25, 0.3, 0.75])]
    assert boxes.xywhn.tolist() == [pytest.approx([0.2, 0.5, 0.2, 0.5])]
    assert (boxes.conf.tolist(), boxes.cls.tolist(), boxes.id.tolist()) == ([0.75], [1], [5])
    assert masks.data.shape == (1, 80, 100)
    assert masks.data.sum() == 20 * 40
    assert sorted(masks.xy[0].tolist()) == [[10, 20], [10, 60], [30, 20], [30, 60]]
    assert sorted(masks.xyn[0].tolist()) == [[0.1, 0.25], [0.1, 0.75], [0.3, 0.25], [0.3, 0.75]]


def python(repo_root, code, cwd, *flags):
    return subprocess.run(
        [sys.executable, *flags, "-c", code],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(repo_root)},
        capture_output=True,
        text=True,
    )


def test_importing_loads_nothing_heavy(repo_root, tmp_path):
    heavy = "{'numpy', 'av', 'tensorflow', 'pipeline'}"
    code = f"import sys, seg_video; print(dir(seg_video), sorted({heavy} & set(sys.modules)))"
    assert python(repo_root, code, tmp_path).stdout == f"{seg_video.__all__} []\n"


def test_another_package_of_that_name_is_told_clearly(repo_root, tmp_path):
    (tmp_path / "pipeline").mkdir()
    code = "import seg_video; seg_video.Error"
    assert (
        python(repo_root, code, tmp_path).returncode == 0
    )  # a folder without __init__.py is in nobody's way
    (tmp_path / "pipeline" / "__init__.py").touch()
    done = python(repo_root, code, tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "ImportError: seg_video needs its own package `pipeline` at"
    )
    done = python(repo_root, "import seg_video; raise SystemExit(seg_video.main())", tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_lines_of_its_page_run_from_a_wheel_beside_a_pipeline_of_ones_own(repo_root, traffic, tmp_path):
    wheels, home, work = tmp_path / "wheels", tmp_path / "home", tmp_path / "work"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", wheels, repo_root], check=True)
    (wheel,) = wheels.iterdir()
    subprocess.run([*pip, "install", "--no-deps", "--target", home, wheel], check=True)
    (work / "pipeline").mkdir(parents=True)
    (work / "pipeline" / "__init__.py").write_text("raise SystemExit('the wrong pipeline')")
    (work / "in.mp4").write_bytes(traffic.read_bytes())
    blocks = (repo_root / "docs" / "python.md").read_text().split("```python\n")[1:]
    script = tmp_path / "scripts" / "page.py"
    script.parent.mkdir()
    script.write_text("\n".join(block.split("```")[0] for block in blocks))
    environment = {**os.environ, "PYTHONPATH": str(home)}
    done = subprocess.run([sys.executable, script], cwd=work, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (work / "out.mp4").is_file()
    command = subprocess.run(
        [home / "bin" / "seg-video", "verify", "in.mp4", "out.mp4"], cwd=work, env=environment
    )
    assert command.returncode == 0
