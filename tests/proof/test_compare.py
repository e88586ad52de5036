"""`verify` notices each promise that is broken; each is broken once, by another program than the one that keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.proof.check import Check
from pipeline.proof.compare import compare
from pipeline.proof.same_times import Times, same_times
from pipeline.structures.colour import ColourTags
from pipeline.video.read.facts import MediaFacts, read_facts
from pipeline.video.read.probe import probe
from tests.footage import TICK, write_clip
from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file

CHAPTERS = [{"id": 1, "start": 0, "end": 150, "time_base": TICK, "metadata": {"title": "Town"}}]


def facts(path: Path) -> MediaFacts:
    return read_facts(probe(path), decode=True)


def faults(source: MediaFacts, output: MediaFacts) -> dict[str, Check]:
    return {check.name: check for check in compare(source, output) if check.holds is False}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare")
    return write_clip(
        folder / "clip.mp4", sound=True, chapters=CHAPTERS, tags={"title": "A drive"}, options={"bf": "0"}
    )


def by_ffmpeg(clip: Path, folder: Path, **options: object) -> MediaFacts:
    source = from_file(clip)
    made = to_file(
        folder / "other.mp4", source["v"], source["a"], **{"video_track_timescale": 600, **options}
    )
    run_ffmpeg(made, timeout_seconds=60)
    return facts(folder / "other.mp4")


def test_every_promise_has_a_check_and_a_copy_keeps_them_all(clip: Path, tmp_path: Path) -> None:
    copy = by_ffmpeg(clip, tmp_path, c="copy")
    checks = compare(facts(clip), copy)
    assert [check.name for check in checks if not check.holds] == []
    assert [check.name for check in checks] == [
        "frames", "frame times", "duration", "frames decode", "keyframes", "clock in the pictures",
        "track 1: sound aac", "chapters", "metadata",
        "container", "codec tag", "upright size", "colour tags", "bits per sample", "chroma location", "flags",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"c": "copy", "an": None}, {"track 1: sound aac"}),
        ({"c": "copy", "c:a": "aac"}, {"track 1: sound aac"}),
        ({"c": "copy", "map_chapters": -1}, {"chapters"}),
        ({"c": "copy", "map_metadata": -1}, {"metadata", "chapters"}),
        ({"c": "copy", "metadata": "title=Another"}, {"metadata"}),
        ({"c:a": "copy", "vf": "scale=48:32,setsar=1"}, {"upright size"}),
        ({"c:a": "copy", "vf": "setsar=4/3"}, {"upright size"}),
        ({"c:a": "copy", "color_trc": "bt709", "colorspace": "bt709"}, {"colour tags"}),
        ({"c:a": "copy", "r": 30}, {"frames", "frame times"}),
        ({"c": "copy", "frames:v": 9}, {"frames", "frame times"}),
    ],
    ids=lambda value: " ".join(list(value)[1:]) if isinstance(value, dict) else "",
)
def test_a_promise_that_is_broken_is_named(
    clip: Path, tmp_path: Path, options: dict[str, object], names: set[str]
) -> None:
    other = by_ffmpeg(clip, tmp_path, **options)
    assert set(faults(facts(clip), other)) >= names
    # An encoder of another program tells another clock in the pictures.
    assert set(faults(facts(clip), other)) <= names | {"track 1: sound aac", "clock in the pictures"}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda info: replace(info, bit_depth=10), "bits per sample"),
        (lambda info: replace(info, colour=ColourTags(9, 9, 16, True)), "colour tags"),
        (lambda info: replace(info, end_pts=info.end_pts + 300), "duration"),
    ],
)
def test_a_source_that_is_more_is_noticed(clip: Path, change: Callable, name: str) -> None:
    found = facts(clip)
    assert set(faults(replace(found, info=change(found.info)), found)) == {name}


def test_an_output_that_does_not_decode_is_noticed(clip: Path, tmp_path: Path) -> None:
    info = probe(clip)
    content = bytearray(clip.read_bytes())
    with av.open(str(clip)) as container:
        third = [packet for packet in container.demux(video=0) if packet.size][3]
        content[third.pos + 4 : third.pos + third.size] = bytes(third.size - 4)
    (tmp_path / "hurt.mp4").write_bytes(content)
    found = faults(read_facts(info, decode=True), facts(tmp_path / "hurt.mp4"))
    assert set(found) == {"frames decode"}


def test_a_track_with_nothing_in_it_may_be_missing_and_one_with_something_may_not(clip: Path) -> None:
    found = facts(clip)
    empty = replace(found.tracks[0], pts=np.zeros(0, np.int64))
    without = replace(found, tracks=())
    assert not faults(replace(found, tracks=(empty,)), without)
    assert set(faults(found, without)) == {"track 1: sound aac"}


def test_a_damaged_source_may_be_filled_up_or_thinned_out(clip: Path) -> None:
    whole = facts(clip)
    assert whole.decoded is not None
    holes = replace(whole, decoded=replace(whole.decoded, pts=np.delete(whole.pts, [3, 4])))
    filled = {check.name: check for check in compare(holes, whole)}["frames"]
    assert (filled.holds, filled.note) == (
        True,
        "2 frames of the source do not decode and show their neighbour",
    )
    thinned = replace(whole, pts=np.delete(whole.pts, [3, 4]), decoded=holes.decoded)
    assert not faults(holes, thinned)
    wrong_ones = replace(whole, pts=np.delete(whole.pts, [5, 6]), decoded=holes.decoded)
    assert "frame times" in faults(holes, wrong_ones)


@pytest.mark.parametrize(
    ("source", "output", "same"),
    [
        ([0, 20, 40], [0, 20, 40], True),
        ([0, 20, 40], [0, 20, 41], False),
        ([0, 20, 40], [0, 20], False),
        ([0, 20, 20, 20, 21], [0, 20, 21, 22, 23], True),
        ([0, 20, 20], [0, 20, 22], False),
        ([0, 20, 10, 30], [0, 20, 21, 30], True),
        ([-10, 5, 25], [0, 5, 25], True),
        ([-10, 5, 25], [0, 15, 35], False),
    ],
)
def test_times_are_the_same_or_the_nearest_a_container_holds(
    source: list[int], output: list[int], same: bool
) -> None:
    def times(ticks: list[int]) -> Times:
        return Times(np.array(ticks, np.int64), TICK)

    assert same_times(times(source), times(output)).same is same


def test_times_are_compared_in_the_coarser_ticks() -> None:
    fine = Times(np.array([0, 3003, 6006], np.int64), Fraction(1, 90000))
    assert same_times(fine, Times(np.array([0, 33, 67], np.int64), Fraction(1, 1000))).same
    assert not same_times(fine, Times(np.array([0, 33, 68], np.int64), Fraction(1, 1000))).same


def test_a_broadcast_recording_may_begin_at_zero_with_all_its_streams(tmp_path: Path) -> None:
    source = facts(
        write_clip(tmp_path / "clip.ts", sound=True, time_base=Fraction(1, 90000), pts=range(0, 90000, 3000))
    )
    broadcast: dict[str, object] = {"c": "copy", "video_track_timescale": 90000}
    copied = by_ffmpeg(tmp_path / "clip.ts", tmp_path, **broadcast, **{"bsf:a": "aac_adtstoasc"})
    assert not {name for name in faults(source, copied) if "track" in name or "frame" in name}
    moved = {"bsf:a": "aac_adtstoasc,setts=ts=TS+900"}
    late = by_ffmpeg(tmp_path / "clip.ts", tmp_path, **broadcast, **moved)
    assert "track 1: sound aac" in faults(source, late)
