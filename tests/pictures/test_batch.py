"""Batches of pictures: found, painted, written, resumed."""

from __future__ import annotations

import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest

from pipeline import files
from pipeline.api.export import export
from pipeline.errors import (
    InputError,
    InterruptedRunError,
    RunInTheWayError,
    SegVideoError,
    StoreError,
    UsageError,
    WriteError,
)
from pipeline.files import TEMPORARY_SUFFIX, fresh_file
from pipeline.pictures import batch as batches
from pipeline.pictures import one_picture
from pipeline.pictures.batch import picture_exit_code, segment_pictures
from pipeline.pictures.job import PictureJob
from pipeline.pictures.one_picture import Finder, FoundInPicture
from pipeline.pictures.pairs import picture_pairs
from pipeline.pictures.picture import Picture
from pipeline.pictures.read import read_picture
from pipeline.pictures.settings import PictureSettings
from pipeline.pictures.stored import PictureStore
from pipeline.render.palette import COLOURS
from pipeline.render.settings import RenderSettings
from pipeline.segment.settings import SegmentSettings
from pipeline.store.reader import DetectionsFile
from pipeline.structures.detections import Detections
from tests import fake_network as fake_network_module
from tests.live.conftest import until
from tests.pictures.written import write_picture


class OneSquare(Finder):
    """Finds a car of 30x20 px where the picture is bright, and keeps the widths of what it looked at."""

    class_names = {1: "person", 3: "car"}  # noqa: RUF012

    def __init__(self):
        self.looked_at = []

    def look(self, picture):
        return FoundInPicture(self.find(picture), self.class_names)

    def find(self, picture):
        self.looked_at.append(picture.width)
        bright = np.argwhere(picture.in_8_bit()[0][..., 0] > 200)
        if not len(bright):
            return Detections.empty()
        top, left = bright.min(axis=0)
        return Detections(
            np.array([[left, top, left + 30, top + 20]], np.float32),
            np.array([0.9], np.float32),
            np.array([3], np.int32),
            np.full((1, 28, 28), 255, np.uint8),
        )


@pytest.fixture(autouse=True)
def no_weights(monkeypatch):
    monkeypatch.setattr(batches, "weights_digest", lambda model: f"digest of {model}")


@pytest.fixture
def album(tmp_path):
    """Three pictures of different sizes and kinds; the second is 16 bit, the third has nothing in it."""
    folder = tmp_path / "album"
    folder.mkdir()
    for number, (name, dtype) in enumerate((("a.png", np.uint8), ("b.png", np.uint16), ("c.jpg", np.uint8))):
        rgb = np.random.default_rng(number).integers(0, 90, (80 + number, 120 + 10 * number, 3)).astype(dtype)
        rgb *= 1 if dtype == np.uint8 else 257
        if number < 2:
            rgb[30:50, 40:70] = np.iinfo(dtype).max
        write_picture(folder / name, Picture(rgb), PictureSettings())
    return folder


def do(album, output, finder=None, **job):
    heard = []
    results = segment_pictures(
        PictureJob((str(album),), str(output), **job),
        lambda result, done, total: heard.append((result.source.name, done, total)),
        finder=finder or OneSquare(),
    )
    assert heard == [(result.source.name, place, len(results)) for place, result in enumerate(results, 1)]
    return results


class OneAtATime:
    """Stands for a Segmenter whose network has use for one caller; it keeps the thread of each call."""

    callers = batch = 1

    def __init__(self):
        self.threads = []

    def setup(self):
        return {3: "car"}

    def frame_size(self, width, height, sample_aspect):
        return width, height

    def look(self, frames):
        self.threads.append(threading.current_thread())
        return [(Detections.empty(), None)]


def test_a_network_is_called_by_threads_of_its_own_which_end_with_the_finder(album, tmp_path):
    network = OneAtATime()
    finder = Finder(network)
    do(album, tmp_path / "out/{stem}_seg.png", finder)
    (only,) = set(network.threads)
    assert len(network.threads) == 3
    assert not only.name.startswith("picture")
    assert only.is_alive()
    finder.close()
    assert not only.is_alive()


class ThreeAtATime(OneAtATime):
    """Stands for a network that is given up to three pictures at a time; its first call ends once six have come.

    It finds a box in each, as far right as the picture is bright. shapes : of what it was given.
    """

    def __init__(self):
        super().__init__()
        self.shapes, self.begun, self._asked, self._six = [], threading.Event(), 0, threading.Event()

    @property
    def batch(self):
        """3; it is asked for each picture that comes, which has joined the others before another call begins."""
        self._asked += 1
        if self._asked == 6:
            self._six.set()
        return 3

    def look(self, frames):
        self.shapes.append(frames.shape[:3])
        self.begun.set()
        assert self._six.wait(20)
        one, mask = np.ones(1, np.float32), np.full((1, 28, 28), 255, np.uint8)
        boxes = [np.array([[left, 1, left + 5, 9]], np.float32) for left in frames[:, 0, 0, 0]]
        return [(Detections(box, one, np.array([3], np.int32), mask), None) for box in boxes]


def test_pictures_of_one_size_that_wait_for_the_network_are_one_call_up_to_its_batch():
    """The first is looked at alone, since nothing waits yet; of four of its size behind it, three are one call."""
    network, looks = ThreeAtATime(), []
    with closing(Finder(network)) as finder, ThreadPoolExecutor(6) as pool:
        for number, width in enumerate([30, 30, 40, 30, 30, 30]):
            looks.append(pool.submit(finder.look, Picture(np.full((20, width, 3), number, np.uint8))))
            assert network.begun.wait(20)
        assert [look.result().detections.boxes[0, 0] for look in looks] == [0, 1, 2, 3, 4, 5]
    assert network.shapes[0] == (1, 20, 30)
    assert sorted(network.shapes[1:]) == [(1, 20, 30), (1, 20, 40), (3, 20, 30)]


def test_enough_pictures_are_read_to_fill_the_network_s_next_call_and_few_are_painted_at_once(
    tmp_path, monkeypatch
):
    """One core's two threads would bring one picture while the network looks at another; no more than two paint."""
    inside, most = [], []

    def make_picture(*arguments):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)
        inside.pop()
        return one_picture.make_picture(*arguments)

    monkeypatch.setattr(batches, "make_picture", make_picture)
    monkeypatch.setattr(batches, "usable_cores", lambda: 1)
    for number in range(9):
        rgb = np.full((20, 30, 3), number, np.uint8)
        write_picture(tmp_path / f"{number}.png", Picture(rgb), PictureSettings())
    job = PictureJob((f"{tmp_path}/*.png",), f"{tmp_path}/out/", segment=SegmentSettings(batch=3))
    network = ThreeAtATime()
    with closing(Finder(network)) as finder:
        assert [result.state for result in segment_pictures(job, finder=finder)] == ["done"] * 9
    assert (3, 20, 30) in network.shapes
    assert max(most) <= 2


def test_pictures_are_painted_and_all_else_keeps_its_numbers(album, tmp_path):
    results = do(album, tmp_path / "out/{stem}_seg.png", render=RenderSettings(style=("masks",)))
    assert [(result.state, result.objects) for result in results] == [("done", 1), ("done", 1), ("done", 0)]
    for name in ("a.png", "b.png", "c.jpg"):
        before = read_picture(album / name).rgb
        after = read_picture(tmp_path / "out" / f"{name[0]}_seg.png").rgb
        assert after.dtype == before.dtype
        changed = (after != before).any(axis=2)
        square = np.zeros(changed.shape, bool)
        square[30:50, 40:70] = name != "c.jpg"
        assert np.array_equal(changed, square)
    painted = read_picture(tmp_path / "out" / "b_seg.png").rgb[40, 55] / 257
    mixed = [255 - 0.45 * (255 - np.array(colour, float)) for colour in COLOURS]  # white under a colour
    assert any(painted == pytest.approx(one, abs=1) for one in mixed)


def test_one_file_holds_what_was_found_a_frame_a_picture(album, tmp_path):
    do(album, f"{tmp_path}/out/")
    with DetectionsFile(tmp_path / "out" / "pictures.seg-run" / "detections.parquet") as file:
        header, frames = file.header, file.read_tracks()
    assert [entry.output for entry in header.pictures] == ["a_seg.png", "b_seg.png", "c_seg.jpg"]
    assert [(entry.width, entry.height) for entry in header.pictures] == [(120, 80), (130, 81), (140, 82)]
    assert [entry.name for entry in header.pictures] == [
        str(album / name) for name in ("a.png", "b.png", "c.jpg")
    ]
    assert [len(tracks) for tracks in frames] == [1, 1, 0]
    assert frames[1].detections.boxes.tolist() == [[40, 30, 70, 50]]
    assert not (tmp_path / "out" / "pictures.seg-run" / "parts").exists()


def test_an_export_holds_what_each_picture_shows(album, tmp_path):
    """Pictures of one folder may be made with different settings."""
    for name, settings in (("a.png", RenderSettings()), ("b.png", RenderSettings(classes=("person",)))):
        two = (str(album / name), str(album / "c.jpg"))
        segment_pictures(PictureJob(two, f"{tmp_path}/out/", render=settings), finder=OneSquare())
    run = tmp_path / "out" / "pictures.seg-run"
    for words, counts in (
        ({}, {"a": 1, "b": 0}),
        ({"conf": 0.95}, {"a": 0, "b": 0}),
        ({"everything": True}, {"a": 1, "b": 1}),
    ):
        folder = export(run, "yolo", tmp_path / "labels", overwrite=True, **words)
        assert {
            name: len((folder / "labels" / f"{name}.txt").read_text().splitlines()) for name in "ab"
        } == counts
    with pytest.raises(UsageError, match="give one of the two"):
        export(run, "yolo", tmp_path / "labels", overwrite=True, conf=0.9, everything=True)


def test_detections_that_were_changed_are_not_read_again(album, tmp_path, monkeypatch):
    do(album, f"{tmp_path}/out/")
    path = tmp_path / "out" / "pictures.seg-run" / "detections.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"0")
    monkeypatch.setattr("pipeline.store.parquet_rows.pq.ParquetFile", None)  # Arrow can end the process
    with pytest.raises(StoreError, match="was changed since it was made"):
        do(album, f"{tmp_path}/out/")
    with pytest.raises(StoreError, match="was changed since it was made"):
        export(path.parent, "coco", tmp_path / "coco")


def outputs_of(folder):
    with DetectionsFile(folder / "pictures.seg-run" / "detections.parquet") as file:
        return [entry.output for entry in file.header.pictures]


def test_a_second_batch_into_a_folder_keeps_what_the_first_found(album, tmp_path):
    first = [album / "a.png", album / "b.png"]
    segment_pictures(PictureJob(tuple(map(str, first)), f"{tmp_path}/out/"), finder=OneSquare())
    others = tmp_path / "others"
    others.mkdir()
    for name in ("d.png", "e.png"):
        (others / name).write_bytes((album / "a.png").read_bytes() + name.encode())
    do(others, f"{tmp_path}/out/")
    assert outputs_of(tmp_path / "out") == ["d_seg.png", "e_seg.png", "a_seg.png", "b_seg.png"]
    again = OneSquare()
    results = segment_pictures(PictureJob(tuple(map(str, first)), f"{tmp_path}/out/"), finder=again)
    assert [result.state for result in results] == ["kept", "kept"]
    assert again.looked_at == []
    (tmp_path / "out" / "d_seg.png").unlink()
    segment_pictures(PictureJob(tuple(map(str, first)), f"{tmp_path}/out/"), finder=again)
    assert outputs_of(tmp_path / "out") == ["a_seg.png", "b_seg.png", "e_seg.png"]


def test_a_second_batch_by_a_network_with_other_classes_keeps_what_the_first_found(album, tmp_path):
    class OtherClasses(OneSquare):
        class_names = {3: "vehicle"}  # noqa: RUF012

    do(album, f"{tmp_path}/out/")
    others = tmp_path / "others"
    others.mkdir()
    for name in ("d.png", "e.png"):
        (others / name).write_bytes((album / "a.png").read_bytes() + name.encode())
    do(others, f"{tmp_path}/out/", OtherClasses())
    assert outputs_of(tmp_path / "out") == ["d_seg.png", "e_seg.png"]
    again = OneSquare()
    assert [result.state for result in do(album, f"{tmp_path}/out/", again)] == ["kept"] * 3
    assert again.looked_at == []


@pytest.mark.parametrize("kind", ["link", "open"])
def test_a_planted_folder_of_detections_is_refused(album, tmp_path, kind):
    folder, elsewhere = tmp_path / "out" / "pictures.seg-run", tmp_path / "elsewhere"
    folder.parent.mkdir()
    elsewhere.mkdir(mode=0o700)
    if kind == "link":
        folder.symlink_to(elsewhere)
    else:
        folder.mkdir()
        folder.chmod(0o777)
    with pytest.raises(RunInTheWayError, match="cannot be trusted"):
        do(album, f"{tmp_path}/out/")
    assert not list(elsewhere.iterdir())
    assert not list(folder.parent.glob("*_seg.*"))


def test_the_folder_of_detections_is_its_owner_s_alone(album, tmp_path):
    do(album, f"{tmp_path}/out/")
    assert (tmp_path / "out" / "pictures.seg-run").stat().st_mode & 0o777 == 0o700


def test_a_broken_picture_is_set_aside(album, tmp_path):
    (album / "b.png").write_bytes((album / "b.png").read_bytes()[:500])
    results = do(album, f"{tmp_path}/out/")
    assert [result.state for result in results] == ["done", "failed", "done"]
    assert isinstance(results[1].error, InputError)
    assert picture_exit_code(results) == 4
    assert picture_exit_code(results[1:2]) == 3
    assert picture_exit_code(results[:1]) == 0
    with DetectionsFile(tmp_path / "out" / "pictures.seg-run" / "detections.parquet") as file:
        assert [entry.output for entry in file.header.pictures] == ["a_seg.png", "c_seg.jpg"]


def test_what_is_done_is_kept_and_what_is_known_is_not_looked_for_again(album, tmp_path):
    do(album, f"{tmp_path}/out/")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*_seg.*")}
    again = OneSquare()
    assert [result.state for result in do(album, f"{tmp_path}/out/", again)] == ["kept"] * 3
    assert {path: path.stat().st_mtime_ns for path in times} == times
    (tmp_path / "out" / "a_seg.png").unlink()
    results = do(album, f"{tmp_path}/out/", again)
    assert [(result.state, result.objects) for result in results] == [("done", 1), ("kept", 1), ("kept", 0)]
    results = do(album, f"{tmp_path}/out/", again, render=RenderSettings(alpha=0.9))
    assert [result.state for result in results] == ["done"] * 3
    assert again.looked_at == []
    (album / "a.png").write_bytes((album / "c.jpg").read_bytes() + b"another picture")
    do(album, f"{tmp_path}/out/", again)
    assert again.looked_at == [140]
    do(album, f"{tmp_path}/out/", again, segment=SegmentSettings(precision="int8"))
    assert len(again.looked_at) == 4


@pytest.mark.parametrize("alone", [True, False])
def test_what_was_made_of_another_picture_is_not_replaced(alone, album, tmp_path):
    """Two cameras number their pictures alike, and one folder of outputs would hold those of one."""
    other = tmp_path / "other"
    shutil.copytree(album, other)
    write_picture(other / "a.png", Picture(np.full((80, 120, 3), 9, np.uint8)), PictureSettings())
    first, second = (folder / "a.png" if alone else folder for folder in (album, other))
    output = f"{tmp_path}/a_seg.png" if alone else f"{tmp_path}/out/"
    made = do(first, output)[0].output
    before = made.read_bytes()
    result = do(second, output)[0]
    assert result.state == "failed"
    assert f"was made of {album / 'a.png'}" in str(result.error)
    assert do(second, output, skip=True)[0].state == "skipped"
    assert made.read_bytes() == before
    assert do(second, output, force=True)[0].state == "done"
    assert made.read_bytes() != before


def test_no_clobber_leaves_what_was_made_with_other_settings(album, tmp_path):
    do(album, f"{tmp_path}/out/")
    results = do(album, f"{tmp_path}/out/", skip=True, render=RenderSettings(alpha=0.9))
    assert [result.state for result in results] == ["skipped"] * 3
    assert [result.state for result in do(album, f"{tmp_path}/out/", skip=True)] == ["kept"] * 3


def test_a_picture_that_was_moved_is_the_same(album, tmp_path):
    do(album, f"{tmp_path}/out/")
    album.rename(tmp_path / "moved")
    results = do(tmp_path / "moved", f"{tmp_path}/out/", render=RenderSettings(alpha=0.9))
    assert [result.state for result in results] == ["done"] * 3


def test_an_output_of_a_release_that_kept_no_hash_is_left_alone_and_told_so(album, tmp_path, monkeypatch):
    """It may have been retouched since; that "no run here has made it" would be wrong."""
    with monkeypatch.context() as patched:
        patched.setattr(one_picture, "replace", lambda entry, **_: entry)
        do(album, f"{tmp_path}/out/")
    before = (tmp_path / "out" / "a_seg.png").read_bytes()
    results = do(album, f"{tmp_path}/out/")
    assert [result.state for result in results] == ["failed"] * 3
    assert "an earlier release made one" in str(results[0].error)
    assert (tmp_path / "out" / "a_seg.png").read_bytes() == before
    assert [result.state for result in do(album, f"{tmp_path}/out/", force=True)] == ["done"] * 3
    assert [result.state for result in do(album, f"{tmp_path}/out/")] == ["kept"] * 3


def test_a_stopped_batch_goes_on_where_it_was(album, tmp_path):
    """It is stopped while two are under way, which are ended, and told of."""
    heard, before = [], iter([False, False])
    job, first, second = PictureJob((str(album),), f"{tmp_path}/out/"), OneSquare(), OneSquare()

    def stop():
        return next(before, True) and until(lambda: len(first.looked_at) == 2)

    with pytest.raises(InterruptedRunError, match="2 of 3"):
        segment_pictures(job, lambda *told: heard.append((told[0].source.name, *told[1:])), stop, first)
    assert heard == [("a.png", 1, 3), ("b.png", 2, 3)]
    parts = tmp_path / "out" / "pictures.seg-run" / "parts"
    assert len(list(parts.glob("*.parquet"))) == 1  # pictures that were written together share one
    results = segment_pictures(job, finder=second)
    assert [result.objects for result in results] == [1, 1, 0]
    assert sorted(first.looked_at + second.looked_at) == [120, 130, 140]
    whole = segment_pictures(PictureJob((str(album),), f"{tmp_path}/whole/"), finder=OneSquare())
    assert len(whole) == 3
    places = ("out", "whole")
    assert len({(tmp_path / place / "b_seg.png").read_bytes() for place in places}) == 1


def test_files_of_others_are_neither_replaced_nor_taken_for_ours(album, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a_seg.png").write_bytes(b"mine")
    refused = do(album, f"{tmp_path}/out/")[0]
    assert isinstance(refused.error, UsageError)
    assert do(album, f"{tmp_path}/out/", skip=True)[0].state == "skipped"
    assert (tmp_path / "out" / "a_seg.png").read_bytes() == b"mine"
    assert do(album, f"{tmp_path}/out/", force=True)[0].state == "done"


def test_outputs_of_a_run_are_no_inputs_of_the_next(album):
    do(album, f"{album}/")
    assert [result.source.name for result in do(album, f"{album}/")] == ["a.png", "b.png", "c.jpg"]
    single = PictureJob((str(album / "c.jpg"),), str(album / "alone.jpg"))
    segment_pictures(single, finder=OneSquare())
    assert [result.source.name for result in do(album, f"{album}/")] == ["a.png", "b.png", "c.jpg"]


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        ("{stem}.png", "would be overwritten"),
        ("same{ext}", "would be written to"),
        ("one.png", "cannot go into one file"),
        ("{nonsense}.png", "not a valid template"),
        ("{stem}.xyz", "what kind"),
    ],
)
def test_outputs_that_cannot_be_are_refused(album, monkeypatch, output, complaint):
    monkeypatch.chdir(album)
    with pytest.raises(UsageError, match=complaint):
        picture_pairs((".",), output)


def test_inputs_are_files_folders_patterns_and_a_list(album, monkeypatch):
    monkeypatch.chdir(album)
    pairs = picture_pairs(("c.jpg", "*.png", "-"), None, listed=["a.png\n", "\n", "sub dir/d.bmp\n"])
    assert [str(pair.source) for pair in pairs] == ["c.jpg", "a.png", "b.png", "sub dir/d.bmp"]
    assert [str(pair.output) for pair in pairs] == ["c_seg.jpg", "a_seg.png", "b_seg.png", "d_seg.bmp"]
    with pytest.raises(InputError, match="Nothing matches"):
        picture_pairs(("*.webp",), None)


def test_as_many_pictures_are_looked_at_at_a_time_as_the_network_has_use_for(
    album, monkeypatch, fake_network
):
    """Both of the fake network's callers are in it at once, which the barrier waits for, and never a third."""
    both, inside, most = threading.Barrier(2, timeout=20), [], []

    def segment(self, frames):
        inside.append(1)
        most.append(len(inside))
        if len(most) <= 2:
            both.wait()
        inside.pop()
        return [Detections.empty() for _ in frames]

    monkeypatch.setattr(fake_network_module.BrightSquares, "segment", segment)
    monkeypatch.setattr(batches, "_threads", lambda batch: 3)
    results = segment_pictures(PictureJob((str(album),), f"{album}/out/"))
    assert [result.state for result in results] == ["done"] * 3
    assert max(most) <= 2


def test_a_file_that_came_under_the_name_of_an_output_of_ours_is_not_replaced(album, tmp_path):
    out = tmp_path / "out" / "a_seg.png"
    do(album, f"{tmp_path}/out/")
    ours = out.read_bytes()
    out.write_bytes(b"mine")
    for job in ({}, {"render": RenderSettings(alpha=0.9)}):
        again = OneSquare()
        refused = do(album, f"{tmp_path}/out/", again, **job)[0]
        assert isinstance(refused.error, UsageError)
        assert out.read_bytes() == b"mine"
    assert do(album, f"{tmp_path}/out/", force=True)[0].state == "done"
    assert out.read_bytes() == ours


def test_a_file_that_comes_while_its_picture_is_looked_at_is_not_replaced(album, tmp_path):
    class Puts(OneSquare):
        def find(self, picture):
            if picture.width == 130:
                (tmp_path / "out").mkdir(exist_ok=True)
                (tmp_path / "out" / "b_seg.png").write_bytes(b"mine")
            return super().find(picture)

    results = do(album, f"{tmp_path}/out/", Puts())
    assert [result.state for result in results] == ["done", "failed", "done"]
    assert isinstance(results[1].error, UsageError)
    assert (tmp_path / "out" / "b_seg.png").read_bytes() == b"mine"


def test_a_picture_that_was_written_right_before_a_kill_is_ours(album, tmp_path, monkeypatch):
    publish = PictureStore.publish

    def publish_and_die(store, *what):
        publish(store, *what)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(PictureStore, "publish", publish_and_die)
        with pytest.raises(KeyboardInterrupt):
            do(album, f"{tmp_path}/out/")
    results = do(album, f"{tmp_path}/out/", render=RenderSettings(alpha=0.9))
    assert [result.state for result in results] == ["done"] * 3


@pytest.mark.parametrize("spelling", ["hard link", "link", "path"])
def test_a_picture_is_protected_however_it_is_spelt(album, tmp_path, monkeypatch, spelling):
    monkeypatch.chdir(album)
    other = tmp_path / "other.png"
    if spelling == "hard link":
        other.hardlink_to(album / "a.png")
    elif spelling == "link":
        other.symlink_to(album / "a.png")
    with pytest.raises(UsageError, match="would be overwritten"):
        picture_pairs(("a.png",), "../album/a.png" if spelling == "path" else str(other))


def test_an_output_that_is_no_file_is_refused(album, tmp_path):
    (tmp_path / "null.png").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "fifo.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    for name in ("null.png", "fifo.png", "loop.png"):
        job = PictureJob((str(album / "a.png"),), str(tmp_path / name), force=True)
        (result,) = segment_pictures(job, finder=OneSquare())
        assert isinstance(result.error, UsageError)
    for words in (("x" * 300 + ".png", None), (str(album / "a.png"), "x" * 300 + ".png")):
        with pytest.raises(SegVideoError, match="File name too long"):
            segment_pictures(PictureJob((words[0],), words[1]), finder=OneSquare())


def test_a_second_command_into_a_batch_s_folder_is_told_that_the_first_works(album, tmp_path):
    store = PictureStore([tmp_path / "out" / "a.png", tmp_path / "out" / "b.png"])
    with store.held(), pytest.raises(RunInTheWayError, match="Another process"):
        do(album, f"{tmp_path}/out/")
    assert not (tmp_path / "out" / "pictures.seg-run").exists(), "nothing came to be in it"
    assert [result.state for result in do(album, f"{tmp_path}/out/")] == ["done"] * 3


def test_a_folder_that_cannot_be_made_is_told(album, tmp_path):
    (tmp_path / "out").write_bytes(b"a file")
    with pytest.raises(WriteError, match="Cannot write"):
        do(album, f"{tmp_path}/out/")


def test_a_batch_that_was_killed_leaves_nothing_of_it_behind_once_it_is_through(album, tmp_path, monkeypatch):
    """Killed at each of its writes: a temporary file that is not there to be removed any more stands for that."""
    left = []

    def kept(path, folder):
        made = fresh_file(path, folder)
        copy = made.with_name(f"{made.name.removesuffix(TEMPORARY_SUFFIX)}.killed{TEMPORARY_SUFFIX}")
        copy.write_bytes(b"half")
        left.append(copy)
        return made

    job = PictureJob((str(album),), f"{tmp_path / 'out'}/")
    with monkeypatch.context() as patch:
        patch.setattr(files, "fresh_file", kept)
        segment_pictures(job, finder=OneSquare())
    assert len(left) > 5
    assert {path.parent.name for path in left} == {
        "pictures.seg-run",
        "parts",
    }  # none beside what the user looks at
    results = segment_pictures(job, finder=OneSquare())
    assert [result.state for result in results] == ["kept"] * 3
    assert not any(path.exists() for path in left)
    assert not (tmp_path / "out/pictures.seg-run/parts").exists()
