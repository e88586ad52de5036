"""`seg-video eval` on a tiny folder, with a network that finds what is bright, and on a made run."""

from __future__ import annotations

import json
from typing import ClassVar

import cv2
import numpy as np
import pytest

from pipeline import cli
from pipeline.cli import required
from pipeline.evaluation import measure
from pipeline.evaluation.settings import EvalSettings
from pipeline.segment.settings import SegmentSettings
from pipeline.store.writer import write_tracks
from tests.evaluation.made import ALL, CAR, ELSEWHERE, detections, write_folder
from tests.evaluation.tracks.test_measure_run import FRAMES, car_at, header, tracked, write_labels


class Bright:
    """Finds each bright region as a car."""

    class_names: ClassVar = {3: "car", 1: "person", 8: "truck"}

    def input_size(self, width, height, sample_aspect):
        return width, height

    def segment(self, frames):
        count, _, regions, _ = cv2.connectedComponentsWithStats((frames[0, :, :, 0] > 130).astype(np.uint8))
        boxes = [(x, y, x + w, y + h) for x, y, w, h, _ in regions[1:count].tolist()]
        return [detections(*((box, 0.9, 3) for box in boxes))]


@pytest.fixture
def data(tmp_path, monkeypatch):
    asked = []

    def load(model, settings):
        asked.append((model, settings.score, settings.detections))
        return Bright()

    monkeypatch.setattr(measure, "load", load)
    folder = write_folder(
        tmp_path / "data",
        {
            "a.png": ("city", "erfurt", ALL, [(CAR, 3), (ELSEWHERE, 3)]),
            "b.png": ("city", "bonn", ALL, [(CAR, 1)]),
            "c.png": ("adas", None, (), [(CAR, 100), (ELSEWHERE, 1)]),
        },
    )
    return folder, asked


def figures(capsys, *arguments):
    assert cli.main(["eval", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_folder_is_measured(data, capsys):
    folder, asked = data
    values = figures(capsys, folder, "--sequences", "erfurt")
    assert values["pictures"] == 1
    assert values["classes"]["car"]["mask"]["ap"] == pytest.approx(1.0)
    assert values["classes"]["person"]["mask"]["ap"] is None
    assert values["pixels"]["classes"]["car"]["iou"] == 1.0
    assert "identities" not in values
    figures(
        capsys, folder, "--limit", "1", "--model", "mine.pth", "--min-score", "0.1", "--detections", "100"
    )
    assert asked == [(SegmentSettings().model, 0.02, None), ("mine.pth", 0.1, 100)]


def test_pictures_are_chosen_by_source_list_and_number(data, capsys, tmp_path):
    folder, _ = data
    adas = figures(capsys, folder, "--source", "adas")
    assert (adas["groups"]["vehicle"]["recall"], adas["classes"]["person"]["recall"]) == (1.0, 0.0)
    assert adas["groups"]["vehicle"]["precision"] is None
    assert figures(capsys, folder, "--source", "adas,city", "--limit", "2")["pictures"] == 2
    (tmp_path / "list").write_text("a.png\nb.png\n")
    both = figures(capsys, folder, "--only", tmp_path / "list")
    # Two cars are right, and a person was taken for a third.
    assert both["classes"]["car"]["precision"] == pytest.approx(2 / 3)
    assert both["classes"]["person"]["recall"] == 0.0


def test_the_table_names_every_class_and_the_folder_gets_the_files(data, capsys, tmp_path):
    folder, _ = data
    assert cli.main(["eval", str(folder), "--out", str(tmp_path / "out"), "--conf", "0.6"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:4] == ["CLASS", "OBJECTS", "MASK", "AP"]
    first_words = {line.split()[0] for line in lines if line}
    assert {"person", "car", "truck", "mean", "vehicle", "PIXELS", "background"} <= first_words
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "metrics.json",
        "precision_recall.png",
        "worst.png",
    ]
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["conf"] == 0.6


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_measured(data, capsys, tmp_path):
    folder, asked = data
    (tmp_path / "out").write_text("a file of the user's")
    assert cli.main(["eval", str(folder), "--out", str(tmp_path / "out")]) == 1
    assert f"Cannot write {tmp_path / 'out'}" in capsys.readouterr().err
    assert asked == []


def test_a_run_is_measured_by_its_output(capsys, tmp_path):
    run = tmp_path / "out.mp4.seg-run"
    run.mkdir()
    (run / "manifest.json").write_text("{}")
    write_tracks(
        run / "detections.parquet",
        header(),
        [tracked([(car_at(f), 0.8, 3)], [1 + f // 3]) for f in range(FRAMES)],
    )
    labels = write_labels(tmp_path / "truth.json")
    for name in (tmp_path / "out.mp4", run, run / "detections.parquet"):
        values = figures(capsys, name, "--truth", labels)
        assert values["identities"]["switches"] == 1
        assert values["identities"]["switches_per_object_and_ten_seconds"] == pytest.approx(10 / 0.6)
    assert cli.main(["eval", str(run), "--truth", str(labels), "--out", str(tmp_path / "o")]) == 0
    assert "SWITCHES" in capsys.readouterr().out
    assert not (tmp_path / "o" / "worst.png").exists()


def test_a_video_is_told_to_be_run_first(capsys, tmp_path):
    video, labels = tmp_path / "in.mp4", write_labels(tmp_path / "truth.json")
    video.write_bytes(b"video")
    assert cli.main(["eval", str(video), "--truth", str(labels)]) == 2
    assert f"run it first: `seg-video {video} OUT.mp4`" in capsys.readouterr().err
    assert cli.main(["eval", str(video)]) == 2
    assert "to measure a video, run it first" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--limit", "3", "--truth", "t.json"], 2, "--limit applies to pictures"),
        (["--sequences", "jena"], 3, "no sequence jena"),
        (["--conf", "1.5"], 2, "conf must lie in 0..1"),
        (["--conf", "0.01"], 2, "min_score cannot be above conf"),
        (["--min-side", "-1"], 2, "min_side"),
    ],
)
def test_what_cannot_be_is_refused(data, capsys, arguments, code, message):
    folder, _ = data
    assert cli.main(["eval", str(folder), *arguments]) == code
    assert message in capsys.readouterr().err


def test_a_folder_without_labels_is_refused(capsys, tmp_path):
    assert cli.main(["eval", str(tmp_path)]) == 3
    assert "no COCO annotations" in capsys.readouterr().err
    assert cli.main(["eval", str(tmp_path / "nowhere")]) == 3
    assert "There is no folder" in capsys.readouterr().err


def test_a_folder_of_pixel_classes_is_told_to_be_measured_by_a_network_of_classes(capsys, tmp_path):
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    assert cli.main(["eval", str(tmp_path)]) == 2
    assert "with --model" in capsys.readouterr().err


def test_a_picture_of_another_size_is_refused(data, capsys):
    folder, _ = data
    cv2.imwrite(str(folder / "images" / "a.png"), np.zeros((10, 20, 3), np.uint8))
    assert cli.main(["eval", str(folder)]) == 3
    assert "20x10 px" in capsys.readouterr().err


def test_missing_packages_are_named_with_the_way_to_install_them(data, capsys, monkeypatch):
    monkeypatch.setattr(required, "find_spec", lambda name: None if name == "pycocotools" else object())
    assert cli.main(["eval", str(data[0])]) == 2
    error = capsys.readouterr().err
    assert "Measuring needs pycocotools" in error
    assert "pip install -e '.[train]'" in error


def test_help_tells_the_defaults_of_the_settings(capsys):
    with pytest.raises(SystemExit):
        cli.main(["eval", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    settings = EvalSettings()
    for meaning, value in (
        ("counts as found", settings.conf),
        ("counts for AP", settings.min_score),
        ("object that counts, in px", settings.min_side),
    ):
        assert f"{meaning} (default: {value:g})" in text
