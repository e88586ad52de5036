"""Pictures whose every pixel is given a class: painted, stored and made once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import RunInTheWayError
from pipeline.pictures.class_batch import classify_pictures
from pipeline.pictures.job import PictureJob
from pipeline.pictures.pairs import picture_pairs
from pipeline.render.settings import RenderSettings
from pipeline.segment.classifier import gives_classes
from pipeline.segment.settings import SegmentSettings
from pipeline.structures.pixel_classes import PixelClasses
from tests.training.semantic.coloured_halves import write_network

CLASSES = PixelClasses.of({"dark": (0, 0, 255), "bright": (255, 0, 0)})


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A network that says anything, but the same for the same picture."""
    path = tmp_path_factory.mktemp("weights") / "net.safetensors"
    return write_network(path, CLASSES.by_name)


@pytest.fixture
def job(tmp_path, weights) -> PictureJob:
    album = tmp_path / "album"
    album.mkdir()
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 60, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(album / f"{number}.png")
    (album / "broken.png").write_bytes(b"no picture")
    return PictureJob(
        (str(album),), str(tmp_path / "out") + "/", segment=SegmentSettings(str(weights)),
        render=RenderSettings(alpha=1.0),
    )  # fmt: skip


def test_pictures_have_the_colours_of_the_class_maps_beside_them(job, tmp_path):
    assert gives_classes(job.segment.model)
    results = classify_pictures(job)
    assert [one.state for one in results] == ["done", "done", "failed"]
    folder = tmp_path / "out" / "pictures.seg-run"
    assert json.loads((folder / "classes.json").read_text())["classes"]["bright"] == [255, 0, 0]
    for one in results[:2]:
        labels = np.asarray(Image.open(folder / "labels" / f"{one.output.name}.png"))
        assert labels.shape == (40, 60)
        painted = np.asarray(Image.open(one.output))
        assert np.array_equal(painted, np.asarray(CLASSES.colours, np.uint8)[labels])


def test_what_is_there_is_kept_and_what_changed_is_made_anew(job):
    first = classify_pictures(job)
    before = first[0].output.stat().st_mtime_ns
    assert [one.state for one in classify_pictures(job)] == ["kept", "kept", "failed"]
    assert first[0].output.stat().st_mtime_ns == before
    first[1].output.unlink()
    assert [one.state for one in classify_pictures(job)] == ["kept", "done", "failed"]
    fainter = replace(job, render=RenderSettings(alpha=0.2))
    assert [one.state for one in classify_pictures(fainter)] == ["done", "done", "failed"]


def test_an_output_that_no_run_has_made_stays(job, tmp_path):
    (tmp_path / "out").mkdir()
    mine = tmp_path / "out" / "0_seg.png"
    mine.write_bytes(b"mine")
    assert classify_pictures(job)[0].state == "failed"
    assert classify_pictures(replace(job, skip=True))[0].state == "skipped"
    assert mine.read_bytes() == b"mine"
    assert classify_pictures(replace(job, force=True))[0].state == "done"


def test_outputs_are_no_inputs_of_their_folder(job, tmp_path):
    classify_pictures(replace(job, output=str(tmp_path / "album") + "/"))
    names = {pair.source.name for pair in picture_pairs((str(tmp_path / "album"),), None)}
    assert names == {"0.png", "1.png", "broken.png"}


def test_an_output_that_somebody_changed_is_replaced_only_if_asked_for(job):
    output = classify_pictures(job)[0].output
    output.write_bytes(b"somebody's own")
    assert [one.state for one in classify_pictures(job)] == ["failed", "kept", "failed"]
    assert output.read_bytes() == b"somebody's own"
    assert classify_pictures(replace(job, force=True))[0].state == "done"


def test_the_maps_folder_is_its_owner_s_alone_and_a_planted_one_is_refused(job, tmp_path):
    classify_pictures(job)
    folder = tmp_path / "out" / "pictures.seg-run"
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    with pytest.raises(RunInTheWayError, match="others can write"):
        classify_pictures(job)


def test_maps_of_outputs_in_other_folders_stay_in_the_one_of_the_batch(job, tmp_path):
    victim = tmp_path / "out" / "0" / "y" / "1" / "y" / "z.png.png"
    victim.parent.mkdir(parents=True)
    victim.write_bytes(b"precious")
    (tmp_path / "album" / "broken.png").unlink()
    results = classify_pictures(replace(job, output=f"{tmp_path}/out/{{stem}}/y/z.png"))
    assert [result.state for result in results] == ["done", "done"]
    assert victim.read_bytes() == b"precious"
    maps = list((tmp_path / "out" / "0" / "y" / "pictures.seg-run" / "labels").iterdir())
    assert len(maps) == 2
    again = classify_pictures(replace(job, output=f"{tmp_path}/out/{{stem}}/y/z.png"))
    assert [result.state for result in again] == ["kept", "kept"]
