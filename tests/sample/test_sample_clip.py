from __future__ import annotations

import gzip
import json

import av
import numpy as np
import pytest
from pycocotools import mask as coco

from sample_videos.drawn_drive.actor import CATEGORIES
from sample_videos.drawn_drive.clip import draw_clip, sample_film


@pytest.fixture(scope="module")
def clip(repo_root):
    return repo_root / "sample_videos" / "drive.mp4"


@pytest.fixture(scope="module")
def truth(repo_root):
    return json.loads(gzip.decompress((repo_root / "sample_videos" / "drive.json.gz").read_bytes()))


def test_the_clip_has_the_frames_that_its_truth_says(clip, truth):
    assert clip.stat().st_size < 6_000_000
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        pts = sorted(packet.pts for packet in container.demux(stream) if packet.pts is not None)
        assert (stream.codec.name, stream.width, stream.height, stream.average_rate) == ("h264", 960, 540, 25)
        seconds = [float(one * stream.time_base) for one in pts]
    assert [image["frame_index"] for image in truth["images"]] == list(range(truth["info"]["frames"]))
    assert [image["seconds"] for image in truth["images"]] == pytest.approx(seconds)
    assert 8 <= len(pts) / 25 <= 12


def test_the_clip_has_sound_all_along(clip):
    with av.open(str(clip)) as container:
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
        length = container.duration / av.time_base
        assert container.streams.audio[0].codec.name == "aac"
    loudness = np.sqrt((sound[:, : int(length * 48_000)] ** 2).reshape(2, -1, 4800).mean(axis=-1))
    assert sound.shape == (2, pytest.approx(length * 48_000, abs=2048))
    assert loudness[:, 1:-1].min() > 0.01


def test_the_truth_has_every_class_and_boxes_that_fit_its_masks(repo_root, truth):
    assert (repo_root / "sample_videos" / "drive.json.gz").stat().st_size < 3_000_000
    counted = {one["category_id"] for one in truth["annotations"] if not one["iscrowd"]}
    assert counted == set(CATEGORIES)
    kinds: dict[int, set[int]] = {}
    for one in truth["annotations"]:
        kinds.setdefault(one["track_id"], set()).add(one["category_id"])
    assert all(len(categories) == 1 for categories in kinds.values())
    for one in truth["annotations"][::40]:
        assert coco.area(one["segmentation"]) == one["area"]
        assert coco.toBbox(one["segmentation"]).tolist() == one["bbox"]


def test_the_clip_and_its_truth_are_what_the_code_draws(clip, truth):
    number = 130
    drawn = sample_film(truth["info"]["seed"], truth["info"]["weather"]).frame(number / 25, seed=number)
    with av.open(str(clip)) as container:
        pictures = (frame.to_ndarray(format="bgr24") for frame in container.decode(video=0))
        picture = next(one for place, one in enumerate(pictures) if place == number)
    # Another release of OpenCV may round otherwise, and the encoder smooths the grain.
    assert np.abs(picture.astype(int) - drawn.picture).mean() < 4.0
    labels = {one["track_id"]: one for one in truth["annotations"] if one["image_id"] == number + 1}
    assert set(labels) == {one.identity for one in drawn.seen}
    for one in drawn.seen:
        stored = coco.decode(labels[one.identity]["segmentation"]).astype(bool)
        assert np.count_nonzero(stored ^ one.mask) <= 2 + 0.02 * np.count_nonzero(one.mask)


def test_draws_a_clip_with_its_truth(tmp_path):
    video, path = draw_clip(tmp_path, seed=2, weather="overcast", seconds=0.2, size=(160, 90))
    truth = json.loads(gzip.decompress(path.read_bytes()))
    with av.open(str(video)) as container:
        assert sum(1 for _ in container.decode(video=0)) == len(truth["images"]) == 5
    with av.open(str(video)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) >= 9600
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [
        "drive.json.gz", "drive.mp4", "drive_panoptic", "drive_panoptic.json"
    ]  # fmt: skip
