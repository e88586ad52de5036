from __future__ import annotations

import gzip
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipeline.evaluation.panoptic_quality import measure_panoptic
from pipeline.labels.coco_folder import load_picture, read_entries
from sample_videos.drawn_drive.actor import CAR, CATEGORIES, PERSON, STOP_SIGN, Cast
from sample_videos.drawn_drive.canvas import SURFACES
from sample_videos.drawn_drive.clip import sample_film
from sample_videos.drawn_drive.depth import Painter, far_to_near
from sample_videos.drawn_drive.film import Film, View
from sample_videos.drawn_drive.heavy import truck
from sample_videos.drawn_drive.panoptic import PanopticFile
from sample_videos.drawn_drive.people import Looks, walker
from sample_videos.drawn_drive.pictures import draw_pictures
from sample_videos.drawn_drive.place import Place
from sample_videos.drawn_drive.signals import stop_sign
from sample_videos.drawn_drive.sound import RATE, drive_sound
from sample_videos.drawn_drive.truth import labelled
from sample_videos.drawn_drive.vehicles import BODIES, car
from sample_videos.drawn_drive.weather import WEATHERS

SIZE = (240, 136)


@pytest.fixture(scope="module")
def film():
    return sample_film(3, "sun", SIZE)


def acted(film, *things):
    """The frame of a cast of things: (category, shape, x, z, turn)."""
    cast = Cast()
    for category, shape, x, z, turn in things:
        cast.add((category,), shape, x, z, turn=turn)
    return replace(film, cast=cast.actors).frame(0.0, seed=1)


def test_the_same_seed_draws_the_same_frames_and_another_seed_another_street(film):
    again = sample_film(3, "sun", SIZE)
    for seconds in (0.0, 4.2):
        first, second = film.frame(seconds, seed=8), again.frame(seconds, seed=8)
        assert np.array_equal(first.picture, second.picture)
        assert [(one.identity, one.hidden) for one in first.seen] == [
            (one.identity, one.hidden) for one in second.seen
        ]
        assert all(np.array_equal(a.mask, b.mask) for a, b in zip(first.seen, second.seen, strict=True))
    other = replace(film, place=Place(np.random.default_rng(4))).frame(0.0, seed=8)
    assert not np.array_equal(film.frame(0.0, seed=8).picture, other.picture)


def test_masks_belong_to_the_cast_and_do_not_overlap(film):
    frame = film.frame(3.0, seed=0)
    expected = {
        actor.identity + part: category
        for actor in film.cast
        for part, category in enumerate(actor.categories)
    }
    assert len({one.identity for one in frame.seen}) == len(frame.seen) > 10
    assert all(expected[one.identity] == one.category for one in frame.seen)
    assert np.sum([one.mask for one in frame.seen], axis=0).max() == 1


def test_who_leaves_uncovers_those_behind_and_changes_nothing_else(film):
    before = film.frame(2.0, seed=0)
    largest = max(before.seen, key=lambda one: np.count_nonzero(one.mask))
    left = [actor for actor in film.cast if actor.identity != largest.identity]
    after = {one.identity: one.mask for one in replace(film, cast=left).frame(2.0, seed=0).seen}
    assert largest.identity not in after
    edge = cv2.dilate(largest.mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    for one in before.seen:
        if one is not largest:
            assert not (one.mask & ~after[one.identity]).any()
            assert not (after[one.identity] & ~one.mask & ~edge).any()


def test_a_thing_is_where_its_mask_says(film):
    empty = acted(film).picture.astype(int)
    frame = acted(film, (STOP_SIGN, stop_sign(), 0.0, 9.0, 0.0))
    (sign,) = frame.seen
    changed = np.abs(frame.picture.astype(int) - empty).max(axis=-1) > 40
    assert changed[sign.mask].mean() > 0.9
    above = (
        np.arange(SIZE[1])[:, None] < np.flatnonzero(sign.mask.any(axis=1))[-1]
    )  # beneath: pole and shadow
    assert (changed & above & ~sign.mask).sum() < 0.25 * sign.mask.sum()


def test_things_mostly_hidden_or_tiny_are_crowds(film):
    here = acted(film, (CAR, car(BODIES["van"], (200, 200, 200)), 0.0, 8.0, 0.0))
    assert [(one["category_id"], one["iscrowd"]) for one in labelled(here, 1, 1)] == [(CAR, 0)]
    both = acted(
        film,
        (CAR, car(BODIES["van"], (200, 200, 200)), 0.0, 8.0, 0.0),
        (CAR, car(BODIES["saloon"], (200, 40, 40)), 0.8, 14.0, 0.0),
    )
    hidden = {one.identity: one.hidden for one in both.seen}
    assert hidden[1] == 0.0
    assert hidden[2] > 0.7
    assert [one["iscrowd"] for one in labelled(both, 1, 1)] == [0, 1]
    far = acted(film, (PERSON, walker(0.0, Looks((60, 52, 48), (52, 46, 44))), 4.0, 90.0, 0.0))
    assert [one["iscrowd"] for one in labelled(far, 1, 1)] == [1]


def test_a_sign_behind_a_lorry_that_comes_near_is_covered(film):
    # The lorry reaches from 13 m to 21 m; seen from x = 0 it stands before the sign, whose pole is at 20 m.
    lorry, sign = (
        (8, truck((214, 216, 216), (60, 60, 160)), -6.7, 21.0, np.pi),
        (13, stop_sign(), -9.3, 20.0, 0.0),
    )
    assert [one.category for one in acted(film, sign, lorry).seen] == [8]
    assert [one.category for one in acted(film, sign).seen] == [13]


def test_paints_the_far_before_the_near_and_the_outer_before_the_inner():
    def nothing():
        pass

    places = {
        "house": (15.0, 16.0, 0.0, 30.0),
        "kerb car": (5.4, 7.2, 8.0, 12.0),
        "ahead": (-0.9, 0.9, 20.0, 24.0),
        "lane car": (2.5, 4.3, 9.0, 13.0),
        "own lane": (-0.9, 0.9, 6.0, 7.0),
    }
    painters = {name: Painter(*place, nothing) for name, place in places.items()}
    order = far_to_near(list(painters.values()), eye=0.0)
    names = [name for painter in order for name, one in painters.items() if one is painter]
    assert sorted(names) == sorted(places)
    for first, second in (("house", "kerb car"), ("kerb car", "lane car"), ("ahead", "lane car")):
        assert names.index(first) < names.index(second)
    assert names[-1] == "own lane"


@pytest.mark.parametrize("weather", ["overcast", "wet", "night"])
def test_each_weather_keeps_the_truth_and_changes_the_picture(film, weather):
    sunny, other = film.frame(1.0, seed=0), replace(film, weather=WEATHERS[weather]).frame(1.0, seed=0)
    assert all(np.array_equal(a.mask, b.mask) for a, b in zip(sunny.seen, other.seen, strict=True))
    assert other.picture.mean() < sunny.picture.mean() - (60 if weather == "night" else 3)


def test_a_wet_road_mirrors_what_stands_on_it(film):
    # Without reflections both would differ below the van's wheels by its shadow alone.
    view = replace(film.view, bonnet=1.0)
    wet = replace(film, weather=WEATHERS["wet"], view=view)
    dry = replace(wet, weather=replace(WEATHERS["wet"], wet=0.0))
    van = (CAR, car(BODIES["van"], (30, 30, 220)), 0.0, 12.0, 0.0)

    def redness(one):
        frame = acted(one, van)
        rows, columns = np.flatnonzero(frame.seen[0].mask.any(axis=1)), frame.seen[0].mask.any(axis=0)
        below = frame.picture[rows[-1] + 8 : rows[-1] + 20, columns].astype(float)
        return (below[..., 2] - below[..., 0]).mean()

    assert redness(wet) > redness(dry) + 4


def test_training_reads_the_drawn_pictures(tmp_path):
    draw_pictures(2, tmp_path, seed=5, size=SIZE)
    entries, names = read_entries(tmp_path)
    assert names == CATEGORIES
    assert [entry.source for entry in entries] == ["drawn", "drawn"]
    assert {entry.record["view"] for entry in entries} == {"driver"}
    pictures = [load_picture(entry, names, longest=240) for entry in entries]
    assert [picture.pixels.shape for picture in pictures] == [(136, 240, 3)] * 2
    assert all(picture.scope == frozenset(CATEGORIES) for picture in pictures)
    assert sum(len(picture.instances) for picture in pictures) > 8
    assert not np.array_equal(pictures[0].pixels, pictures[1].pixels)
    draw_pictures(1, tmp_path / "again", seed=5, size=SIZE)
    first = json.loads(gzip.decompress((tmp_path / "annotations.json.gz").read_bytes()))
    again = json.loads(gzip.decompress((tmp_path / "again" / "annotations.json.gz").read_bytes()))
    assert [one for one in first["annotations"] if one["image_id"] == 1] == again["annotations"]


def test_who_passes_on_the_left_is_heard_on_the_left():
    quiet, passed = drive_sound(2.0, [], seed=1), drive_sound(2.0, [(1.0, -1.0)], seed=1)
    assert quiet.shape == (2, 2 * RATE)
    assert 0.02 < np.abs(passed).max() <= 1.0
    difference = np.abs(passed - quiet)
    middle = slice(RATE * 3 // 4, RATE * 5 // 4)
    assert difference[0, middle].mean() > 0.02
    assert difference[1].max() == 0.0
    assert difference[0, : RATE // 50].max() < 0.01


def test_a_view_without_a_bonnet_shows_the_road_down_to_the_edge(film):
    bare = Film(film.place, film.weather, replace(View(*SIZE), bonnet=1.0), []).frame(0.0, seed=1).picture
    hooded = Film(film.place, film.weather, View(*SIZE), []).frame(0.0, seed=1).picture
    assert np.abs(bare[-4:].astype(int) - hooded[-4:]).mean() > 20
    assert np.abs(bare[:60].astype(int) - hooded[:60]).mean() < 2


def test_heavy_traffic_adds_to_the_same_drive():
    usual, heavy = (sample_film(3, "sun", SIZE, traffic) for traffic in ("usual", "heavy"))
    places = [(one.identity, one.x, one.start, one.speed) for one in heavy.cast]
    assert places[: len(usual.cast)] == [(one.identity, one.x, one.start, one.speed) for one in usual.cast]
    assert len(heavy.cast) > len(usual.cast) + 20
    assert max(one.identity + len(one.categories) for one in heavy.cast) <= 256


def test_panoptic_truth_has_each_pixel_once(film, tmp_path):
    file, frame = PanopticFile(tmp_path), film.frame(3.0, seed=0)
    file.add(frame, 75)
    file.close()
    total = measure_panoptic(tmp_path / "drive_panoptic.json", tmp_path / "drive_panoptic.json")
    there = {name: one for name, one in total.items() if one.quality is not None}
    assert {"sky", "building", "road", "tree", "car"} <= set(there)
    assert all(one.quality == 1.0 for one in there.values())
    named = {name: frame.surfaces == key for key, name in enumerate(SURFACES)}
    middles = {name: np.flatnonzero(where.any(axis=1)).mean() for name, where in named.items() if where.any()}
    assert middles["sky"] < middles["building"] < middles["road"]
    assert named[""][-1].all()  # the bonnet is nobody's, and no surface
    assert named["road"][len(frame.surfaces) * 3 // 4].mean() > 0.5


def test_the_sample_s_panoptic_truth_is_that_of_its_objects(repo_root):
    """Of the committed files: the pixels of each object are those of its mask."""
    folder = repo_root / "sample_videos"
    content = json.loads((folder / "drive_panoptic.json").read_text())
    assert [one["id"] for one in content["images"]] == list(range(0, 250, 25))
    labels = json.loads(gzip.decompress((folder / "drive.json.gz").read_bytes()))
    objects = [one for one in labels["annotations"] if one["image_id"] == 101]
    pixels = cv2.imread(str(folder / "drive_panoptic" / "000100.png"))[..., ::-1].astype(int) @ (
        1,
        256,
        65536,
    )
    (entry,) = (one for one in content["annotations"] if one["image_id"] == 100)
    things = [one for one in entry["segments_info"] if one["category_id"] < 1000]
    assert {(one["id"] - 2000, one["category_id"], one["area"], one["iscrowd"]) for one in things} == {
        (one["track_id"], one["category_id"], one["area"], one["iscrowd"]) for one in objects
    }
    assert all(np.count_nonzero(pixels == one["id"]) == one["area"] for one in things)
