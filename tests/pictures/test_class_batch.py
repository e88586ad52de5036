"""Pictures whose every pixel is given a class: painted, stored and made once."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from pipeline.api.export import export
from pipeline.errors import ConfigError, RunInTheWayError, UsageError
from pipeline.networks import registry
from pipeline.pictures.batch import segment_pictures
from pipeline.pictures.job import PictureJob
from pipeline.pictures.pairs import picture_pairs
from pipeline.render.settings import RenderSettings
from pipeline.segment.settings import SegmentSettings
from pipeline.structures.pixel_classes import PixelClasses
from tests.fake_network import BrightSquares
from tests.training.semantic.coloured_halves import write_network

CLASSES = PixelClasses.of({"dark": (0, 0, 255), "bright": (255, 0, 0)})


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A network that says anything, but the same for the same picture."""
    path = tmp_path_factory.mktemp("weights") / "net.safetensors"
    return write_network(path, CLASSES.by_name)


@pytest.fixture(scope="module", autouse=True)
def loaded_once():
    """A network is loaded once for all batches: to trace it takes longer than to make them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "load", cache(registry.load))
        yield


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
    results = segment_pictures(job)
    assert [one.state for one in results] == ["done", "done", "failed"]
    folder = tmp_path / "out" / "pictures.seg-run"
    assert json.loads((folder / "classes.json").read_text())["classes"]["bright"] == [255, 0, 0]
    for one in results[:2]:
        labels = np.asarray(Image.open(folder / "labels" / f"{one.output.name}.png"))
        assert labels.shape == (40, 60)
        painted = np.asarray(Image.open(one.output))
        assert np.array_equal(painted, np.asarray(CLASSES.colours, np.uint8)[labels])


def test_what_is_there_is_kept_and_what_changed_is_made_anew(job):
    first = segment_pictures(job)
    before = first[0].output.stat().st_mtime_ns
    assert [one.state for one in segment_pictures(job)] == ["kept", "kept", "failed"]
    assert first[0].output.stat().st_mtime_ns == before
    first[1].output.unlink()
    assert [one.state for one in segment_pictures(job)] == ["kept", "done", "failed"]
    fainter = replace(job, render=RenderSettings(alpha=0.2))
    assert [one.state for one in segment_pictures(fainter)] == ["done", "done", "failed"]


def test_numbers_of_another_network_are_never_taken_for_those_of_this_one(job, tmp_path):
    segment_pictures(job)
    other = write_network(tmp_path / "other.safetensors", {"dim": (9, 9, 9), "bright": (1, 2, 3)})
    anew = replace(job, segment=SegmentSettings(str(other)))
    with pytest.raises(UsageError, match="numbers mean other classes"):
        segment_pictures(
            replace(anew, inputs=(str(tmp_path / "album" / "0.png"), job.inputs[0] + "/broken.png"))
        )
    assert [one.state for one in segment_pictures(job)] == ["kept", "kept", "failed"]
    assert [one.state for one in segment_pictures(anew)] == ["done", "done", "failed"]
    names = json.loads((tmp_path / "out" / "pictures.seg-run" / "classes.json").read_text())["classes"]
    assert list(names) == ["dim", "bright"]


def test_an_output_that_no_run_has_made_stays(job, tmp_path):
    (tmp_path / "out").mkdir()
    mine = tmp_path / "out" / "0_seg.png"
    mine.write_bytes(b"mine")
    assert segment_pictures(job)[0].state == "failed"
    assert segment_pictures(replace(job, skip=True))[0].state == "skipped"
    assert mine.read_bytes() == b"mine"
    assert segment_pictures(replace(job, force=True))[0].state == "done"


def test_outputs_are_no_inputs_of_their_folder(job, tmp_path):
    segment_pictures(replace(job, output=str(tmp_path / "album") + "/"))
    names = {pair.source.name for pair in picture_pairs((str(tmp_path / "album"),), None)}
    assert names == {"0.png", "1.png", "broken.png"}


def test_an_output_that_somebody_changed_is_replaced_only_if_asked_for(job):
    output = segment_pictures(job)[0].output
    output.write_bytes(b"somebody's own")
    assert [one.state for one in segment_pictures(job)] == ["failed", "kept", "failed"]
    assert output.read_bytes() == b"somebody's own"
    assert segment_pictures(replace(job, force=True))[0].state == "done"


def test_the_maps_folder_is_its_owner_s_alone_and_a_planted_one_is_refused(job, tmp_path):
    segment_pictures(job)
    folder = tmp_path / "out" / "pictures.seg-run"
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    with pytest.raises(RunInTheWayError, match="others can write"):
        segment_pictures(job)


def test_maps_of_outputs_in_other_folders_stay_in_the_one_of_the_batch(job, tmp_path):
    victim = tmp_path / "out" / "0" / "y" / "1" / "y" / "z.png.png"
    victim.parent.mkdir(parents=True)
    victim.write_bytes(b"precious")
    (tmp_path / "album" / "broken.png").unlink()
    results = segment_pictures(replace(job, output=f"{tmp_path}/out/{{stem}}/y/z.png"))
    assert [result.state for result in results] == ["done", "done"]
    assert victim.read_bytes() == b"precious"
    run = tmp_path / "out" / "0" / "y" / "pictures.seg-run"
    assert len(list((run / "labels").iterdir())) == 2
    again = segment_pictures(replace(job, output=f"{tmp_path}/out/{{stem}}/y/z.png"))
    assert [result.state for result in again] == ["kept", "kept"]
    export(run, "png", tmp_path / "png")
    assert len(list((tmp_path / "png" / "labels").iterdir())) == 2


@pytest.fixture
def street(tmp_path, fake_network, traffic):
    """Two frames of the traffic as pictures: a car over a sky and a road."""
    folder = tmp_path / "street"
    folder.mkdir()
    with av.open(str(traffic)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    for number, name in enumerate(("a.png", "b.png")):
        Image.fromarray(frames[20 + number]).save(folder / name)
    return folder


def make(street, view, **render):
    return segment_pictures(
        PictureJob((str(street),), f"{street.parent}/out/", render=RenderSettings(view=view, **render))
    )


def test_a_picture_shows_the_view_that_is_asked_for(street):
    seen = {}
    for view, objects in (("instances", 2), ("semantic", None), ("panoptic", 2)):
        results = make(street, view, style=("masks",), alpha=1.0)
        assert [(one.state, one.objects) for one in results] == [("done", objects)] * 2
        seen[view] = np.asarray(Image.open(results[0].output))
    before = np.asarray(Image.open(street / "a.png"))
    car, sky, road = (30, 56), (5, 100), (90, 100)
    assert seen["semantic"][sky].tolist() == [0, 0, 255]
    assert seen["semantic"][road].tolist() == [0, 255, 0]
    assert seen["semantic"][car].tolist() == [255, 0, 0]
    assert np.array_equal(seen["panoptic"][sky], seen["semantic"][sky])
    assert np.array_equal(seen["panoptic"][car], seen["instances"][car])
    assert np.array_equal(seen["instances"][sky], before[sky])


def test_another_view_looks_again_only_where_it_needs_what_is_not_there(street, monkeypatch):
    looked = []
    segment = BrightSquares._segment
    monkeypatch.setattr(
        BrightSquares, "_segment", lambda self, picture: looked.append(1) or segment(self, picture)
    )
    make(street, "panoptic")
    assert len(looked) == 2
    make(street, "semantic")
    assert [one.state for one in make(street, "semantic")] == ["kept"] * 2
    assert len(looked) == 2
    (street.parent / "out" / "pictures.seg-run" / "labels" / "a_seg.png.png").unlink()
    assert [one.state for one in make(street, "semantic")] == ["done", "kept"]
    assert len(looked) == 3


def test_a_class_that_no_view_can_draw_is_told_before_anything_is_made(street):
    with pytest.raises(ConfigError, match="no sky"):
        make(street, "instances", classes=("sky",))
    make(street, "panoptic", classes=("sky",))
    with pytest.raises(ConfigError, match="did you mean road"):
        make(street, "panoptic", classes=("raod",))


def test_class_maps_of_pictures_are_exported_as_pngs_and_as_coco_panoptic(street, tmp_path):
    make(street, "panoptic")
    run = tmp_path / "out" / "pictures.seg-run"
    export(run, "png", tmp_path / "png")
    labels = np.asarray(Image.open(tmp_path / "png" / "labels" / "a.png"))
    assert (labels[5, 100], labels[90, 100], labels[30, 56]) == (0, 1, 2)
    assert json.loads((tmp_path / "png" / "classes.json").read_text())["classes"]["road"] == [0, 255, 0]
    export(run, "panoptic", tmp_path / "coco")
    content = json.loads((tmp_path / "coco" / "panoptic.json").read_text())
    assert [one["file_name"] for one in content["images"]] == ["a.png", "b.png"]
    names = {one["id"]: one["name"] for one in content["categories"]}
    for entry in content["annotations"]:
        found = {names[one["category_id"]] for one in entry["segments_info"]}
        assert found == {"car", "person", "sky", "road"}
    make(street, "instances")
    with pytest.raises(UsageError, match="stored no class maps"):
        export(run, "png", tmp_path / "none")


def test_class_maps_that_some_pictures_of_a_folder_lack_are_told(street, tmp_path):
    shutil.copy(street / "a.png", street / "c.png")
    make(street, "instances")
    two = (str(street / "a.png"), str(street / "b.png"))
    segment_pictures(PictureJob(two, f"{tmp_path}/out/", render=RenderSettings(view="panoptic"), force=True))
    with pytest.raises(UsageError, match=r"1 of the 3 pictures have no class map.\n.*c_seg.png"):
        export(tmp_path / "out" / "pictures.seg-run", "png", tmp_path / "png")
