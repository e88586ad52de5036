"""Videos whose pixels have classes: the same however they are cut, and nothing of it where nobody asks."""

from __future__ import annotations

import json

import av
import cv2
import numpy as np
import pytest

from pipeline import cli
from pipeline.api.export import export
from pipeline.api.opened_run import open_run
from pipeline.api.segment import segment
from pipeline.errors import ConfigError, UsageError
from pipeline.formats.own_file import save_weights
from pipeline.model.semantic.config import SemanticConfig
from pipeline.networks import semantic
from pipeline.networks.checkpoint_config import CONFIG, KIND, SEMANTIC
from pipeline.proof.verify import verify
from pipeline.record.evidence import evidence
from pipeline.render.film_classes import FilmClasses
from pipeline.store.class_maps import ClassMapsFile
from pipeline.structures.frame_motion import FrameMotion
from pipeline.structures.pixel_classes import VOID
from tests import fake_network

KEPT = "detections.classes.parquet"


def frames_of(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_classes_and_pictures_do_not_depend_on_the_chunks(work, traffic, tmp_path):
    for name, more in (("small", {"chunk_frames": 8}), ("whole", {"chunk_frames": 100})):
        work([traffic], tmp_path / f"{name}.mp4", view="panoptic", every=2, **more)
    small, whole = (tmp_path / f"{name}.mp4.seg-run" / KEPT for name in ("small", "whole"))
    assert small.read_bytes() == whole.read_bytes()
    with ClassMapsFile(whole) as file:
        assert len(file.seconds) < 40
        assert file.classes == fake_network.CLASSES
        assert set(np.unique(file.read(next(iter(file.seconds))))) == {0, 1, 2}
    pictures = [frames_of(tmp_path / f"{name}.mp4") for name in ("small", "whole")]
    assert all(np.abs(a.astype(int) - b).mean() < 2 for a, b in zip(*pictures, strict=True))


def test_each_view_paints_what_it_says_and_is_proved(work, traffic, tmp_path):
    shown = {}
    for view in ("instances", "semantic", "panoptic"):
        out = tmp_path / f"{view}.mp4"
        work([traffic], out, view=view, alpha=1, style="masks")
        assert verify(traffic, out).holds
        assert (tmp_path / f"{view}.mp4.seg-run" / KEPT).exists() == (view != "instances")
        shown[view] = frames_of(out)[20].astype(int)
    before, sky, car = frames_of(traffic)[20].astype(int), (10, 100), (45, 60)
    assert np.abs(shown["instances"][sky] - before[sky]).max() < 12
    for view in ("semantic", "panoptic"):
        assert np.abs(shown[view][sky] - (0, 0, 255)).max() < 40
    assert np.abs(shown["semantic"][car] - (255, 0, 0)).max() < 40
    assert np.abs(shown["panoptic"][car] - shown["instances"][car]).max() < 12


def test_lost_class_maps_are_found_anew(work, traffic, tmp_path, fake_network):
    out = tmp_path / "out.mp4"
    work([traffic], out, view="semantic", chunk_frames=8)
    kept = tmp_path / "out.mp4.seg-run" / KEPT
    content = kept.read_bytes()
    assert evidence(kept.parent).record["class maps"]["unchanged"] is True
    kept.write_bytes(content[:-9] + b"damaged!!")
    assert evidence(kept.parent).record["class maps"]["unchanged"] is False
    out.unlink()
    fake_network.looked_at.clear()
    work([traffic], out, view="semantic", chunk_frames=8)
    assert sorted(fake_network.looked_at) == [0, 1, 2, 3, 4]
    assert kept.read_bytes() == content


def test_render_draws_another_view_of_what_is_stored(work, traffic, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    work([traffic], "both.mp4", view="panoptic")
    work([traffic], "objects.mp4")
    quiet = ["--workers", "0", "--quiet"]
    assert cli.main(["render", "both.mp4", "semantic.mp4", "--view", "semantic", *quiet]) == 0
    assert cli.main(["render", "both.mp4", "instances.mp4", "--view", "instances", *quiet]) == 0
    assert verify(traffic, tmp_path / "semantic.mp4").holds
    assert cli.main(["render", "objects.mp4", "no.mp4", "--view", "semantic", *quiet]) == 2
    assert "stored no class maps" in capsys.readouterr().err
    assert not (tmp_path / "no.mp4.seg-run").exists()


def test_an_export_of_a_view_without_objects_says_so(work, traffic, tmp_path):
    work([traffic], tmp_path / "out.mp4", view="semantic")
    with pytest.raises(UsageError, match="shows no objects"):
        export(tmp_path / "out.mp4", "coco", tmp_path / "coco")
    file = export(tmp_path / "out.mp4", "coco", tmp_path / "coco", everything=True) / "annotations.json"
    assert json.loads(file.read_text())["annotations"]
    for words in ({"conf": 0.3}, {"everything": True}):
        with pytest.raises(UsageError, match="no objects to choose from"):
            export(tmp_path / "out.mp4", "png", tmp_path / "png", **words)


def test_a_view_that_the_network_cannot_give_is_refused(work, traffic, tmp_path, monkeypatch):
    monkeypatch.setattr(fake_network, "pixel_classes", lambda source: None)
    for view in ("semantic", "panoptic"):
        with pytest.raises(ConfigError, match="gives no class to each pixel"):
            work([traffic], tmp_path / "out.mp4", view=view)
    assert not list(tmp_path.iterdir())


class HalfAndHalf:
    """A PixelClassifier: the first class over the second."""

    classes, runtime = fake_network.CLASSES, "fake"

    def input_size(self, width, height, sample_aspect):
        return width // 2, height // 2

    def classify(self, frames, size=None):
        return [np.repeat([[0], [1]], frame.shape[0] // 2, 0).repeat(frame.shape[1], 1) for frame in frames]


def test_a_network_without_objects_paints_classes_unasked(traffic, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(semantic, "load_classifier", lambda source, settings: HalfAndHalf())
    config = SemanticConfig(fake_network.CLASSES).to_json()
    save_weights(
        tmp_path / "net.safetensors", {"w": np.zeros(1, np.float32)}, {KIND: SEMANTIC, CONFIG: config}
    )
    out = tmp_path / "out.mp4"
    asked = [
        str(traffic),
        str(out),
        "--model",
        str(tmp_path / "net.safetensors"),
        "--workers",
        "0",
        "--quiet",
    ]
    assert cli.main([*asked, "--classes", "sky", "--alpha", "1"]) == 0
    manifest = json.loads((tmp_path / "out.mp4.seg-run" / "manifest.json").read_text())
    assert list(manifest["pixel_classes"]) == ["sky", "road", "car"]
    assert verify(traffic, out).holds
    before, after = (frames_of(path)[20].astype(int) for path in (traffic, out))
    assert np.abs(after[10, 100] - (0, 0, 255)).max() < 40
    assert np.abs(after[-5, 100] - before[-5, 100]).max() < 12
    assert cli.main([*asked, "--view", "panoptic", "-y"]) == 2
    assert "finds no objects" in capsys.readouterr().err
    assert cli.main([*asked, "--classes", "skye", "-y"]) == 2


def film_of(looks, seconds=0.04, steady=True, motions=None):
    """The classes of a film whose frame 2n was looked at n-th, and showed a row of these numbers."""
    maps = {2 * place: np.array([look], np.uint8) for place, look in enumerate(looks)}
    times = {number: number / 2 * seconds for number in maps}
    motion = (motions or {}).get
    return FilmClasses(
        times,
        maps.__getitem__,
        lambda number: motion(number, FrameMotion.none()),
        (2 * len(looks[0]), 2),
        fake_network.CLASSES,
        steady=steady,
    )


def rows(film, looks):
    return [film.of(2 * place)[0].tolist() for place in range(len(looks))]


def test_what_two_looks_of_five_say_is_not_shown():
    looks = [[0, value] for value in (1, 1, 2, 1, 2, 1, 1, 3)]
    assert rows(film_of(looks), looks) == [[0, value] for value in (1, 1, 1, 1, 1, 1, 1, 3)]
    assert film_of(looks).of(5)[0].tolist() == [
        0,
        1,
    ]  # as that of frame 4, the nearest of which there is a map
    assert rows(film_of(looks, steady=False), looks) == looks
    assert rows(film_of(looks, seconds=1.0), looks) == looks


def test_maps_far_apart_are_steadied_by_those_within_reach():
    looks = [[value] for value in (2, 2, 1, 3, 2)]
    assert rows(film_of(looks), looks)[2] == [2]
    assert rows(film_of(looks, seconds=0.1), looks)[2] == [1]  # of three each says another


def test_a_pole_that_the_camera_passes_stays():
    looks = [[2 if place == 2 * step else 0 for place in range(12)] for step in range(6)]
    onward = FrameMotion(
        np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]])
    )  # 4 px of the frame, 2 of the map, a look
    assert rows(film_of(looks), looks)[2] == [0] * 12
    assert rows(film_of(looks, motions=dict.fromkeys(range(12), onward)), looks) == looks


def test_no_map_has_a_say_beyond_a_cut():
    looks = [[value] for value in (1, 1, 2, 1, 1)]
    cut = FrameMotion(FrameMotion.none().matrix, cut=True)
    assert rows(film_of(looks), looks)[2] == [1]
    assert rows(film_of(looks, motions={4: cut}), looks)[2] == [2]
    assert rows(film_of(looks, motions={5: cut}), looks)[2] == [2]


def test_what_comes_into_view_has_no_vote_and_where_nothing_is_seen_nothing_is_painted():
    looks = [[VOID, VOID, VOID], [VOID, VOID, VOID], [2, VOID, 1], [2, 0, 0], [VOID, 0, 0]]
    assert rows(film_of(looks), looks)[2] == [2, VOID, 0]


def test_class_maps_are_exported_as_pngs_and_as_coco_panoptic(work, traffic, tmp_path):
    out = tmp_path / "out.mp4"
    work([traffic], out, view="panoptic", every=2)
    export(out, "png", tmp_path / "png", frames=True)
    labels = cv2.imread(str(tmp_path / "png" / "labels" / "000020.png"), cv2.IMREAD_UNCHANGED)
    assert labels.shape == frames_of(traffic)[20].shape[:2]
    assert (labels[20, 100], labels[45, 60], labels[-5, 100]) == (0, 2, 1)
    assert json.loads((tmp_path / "png" / "classes.json").read_text())["classes"]["road"] == [0, 255, 0]
    export(out, "panoptic", tmp_path / "coco")
    content = json.loads((tmp_path / "coco" / "panoptic.json").read_text())
    kinds = {one["id"]: (one["name"], one["isthing"]) for one in content["categories"]}
    assert sorted(kinds.values()) == [("car", 1), ("person", 1), ("road", 0), ("sky", 0)]
    assert len(content["annotations"]) == 40
    for entry in content["annotations"]:
        # As panopticapi reads it: ids are red + 256 green + 65536 blue, 0 is void, and both sides agree.
        pixels = cv2.imread(str(tmp_path / "coco" / "panoptic" / entry["file_name"]))[..., ::-1].astype(int)
        ids, areas = np.unique(pixels @ (1, 256, 65536), return_counts=True)
        told = {one["id"]: one["area"] for one in entry["segments_info"]}
        assert {key: area for key, area in zip(ids.tolist(), areas.tolist(), strict=True) if key} == told
        assert {kinds[one["category_id"]] for one in entry["segments_info"]} <= set(kinds.values())
    cars = [
        one["id"]
        for entry in content["annotations"]
        for one in entry["segments_info"]
        if one["category_id"] == 3
    ]
    assert cars == [257] * 40
    work([traffic], tmp_path / "objects.mp4")
    with pytest.raises(UsageError, match="stored no class maps"):
        export(tmp_path / "objects.mp4", "png", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_program_gets_the_class_maps_that_the_command_stores(work, traffic, tmp_path):
    out = tmp_path / "out.mp4"
    work([traffic], out, view="semantic", every=2)
    stored = [frame.class_map for frame in open_run(out).frames()]
    frames = list(segment(traffic, view="semantic", every=2))
    assert all(np.array_equal(one.class_map, other) for one, other in zip(frames, stored, strict=True))
    assert frames[0].pixel_classes == fake_network.CLASSES
    assert next(segment(traffic)).class_map is None
