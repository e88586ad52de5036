"""Properties of every plan, time, span, ledger and job file, tried on made-up ones."""

from __future__ import annotations

import json
import tempfile
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SegVideoError
from pipeline.job.job_file import read_job_file
from pipeline.record.ledger import Ledger, Made
from pipeline.structures.frame_damage import FrameDamage
from pipeline.structures.spans import numbers_of, spans_of
from pipeline.structures.timebase import rescale, to_pts, to_seconds
from pipeline.video.read.plan import plan
from pipeline.video.write.timeline import decoding_times, output_timeline
from tests.footage import an_info

TICKS = st.integers(-(2**40), 2**40)
TIME_BASES = st.builds(Fraction, st.integers(1, 2000), st.integers(1, 10**6))
NUMBERS = st.lists(st.integers(0, 300), max_size=60)


@st.composite
def keyframes(draw) -> tuple[int, list[int]]:
    """How many frames a video has, and which of them decoding can start at."""
    frames = draw(st.integers(1, 3000))
    return frames, draw(st.lists(st.integers(0, frames - 1), max_size=30))


@given(keyframes(), st.integers(1, 500))
def test_a_plan_holds_every_frame_once_and_seeks_to_a_keyframe_with_one_to_spare(video, chunk_frames) -> None:
    frames, keys = video
    chunks = plan(an_info(frames, keys), chunk_frames)
    assert [number for chunk in chunks for number in range(chunk.start, chunk.stop)] == list(range(frames))
    for index, chunk in enumerate(chunks):
        before = [key for key in sorted(set(keys)) if key <= chunk.start]
        assert chunk.index == index
        assert chunk.seek_frame == (before[-2] if len(before) >= 2 else None)


@given(keyframes(), st.integers(1, 500))
def test_a_chunk_longer_than_asked_for_has_no_keyframe_to_end_at(video, chunk_frames) -> None:
    frames, keys = video
    for chunk in plan(an_info(frames, keys), chunk_frames):
        if len(chunk) > 1.5 * chunk_frames + 1:
            inside = [key for key in keys if chunk.start < key < chunk.stop]
            first = min(keys, default=0)
            assert all(key <= first for key in inside)


@given(TICKS, TIME_BASES, TIME_BASES)
def test_rescaling_is_off_by_half_a_tick_at_most(ticks, source, target) -> None:
    error = abs(to_seconds(rescale(ticks, source, target), target) - to_seconds(ticks, source))
    assert error <= target / 2


@given(TICKS, TIME_BASES, st.integers(1, 1000))
def test_finer_ticks_and_back_change_nothing(ticks, time_base, factor) -> None:
    finer = time_base / factor
    assert rescale(rescale(ticks, time_base, finer), finer, time_base) == ticks
    assert to_pts(to_seconds(ticks, time_base), time_base) == ticks


@given(st.lists(TICKS, min_size=2, max_size=20), TIME_BASES, TIME_BASES)
def test_rescaling_keeps_the_order(ticks, source, target) -> None:
    rescaled = [rescale(one, source, target) for one in sorted(ticks)]
    assert rescaled == sorted(rescaled)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=60))
def test_the_output_s_times_ascend_and_are_never_early(times) -> None:
    pts = np.array(sorted(times), np.int64)
    info = an_info(len(pts), pts=pts, end_pts=int(pts[-1]) + 20)
    timeline = output_timeline(info)
    assert (np.diff(timeline.pts) > 0).all()
    assert (timeline.pts >= pts).all()
    if len(set(times)) == len(times):
        assert timeline.pts.tolist() == pts.tolist()
    dts = decoding_times(timeline.pts)
    assert (np.diff(dts) > 0).all()
    # Whatever two frames a B-frame waits for: no packet is decoded after it is shown.
    assert (dts[2:] <= timeline.pts[: len(dts) - 2]).all()


@given(NUMBERS)
def test_spans_are_the_numbers_in_order_and_as_few_as_can_be(numbers) -> None:
    spans = spans_of(numbers)
    assert numbers_of(spans) == sorted(set(numbers))
    assert all(stop < start for (_, stop), (start, _) in pairwise(spans))


@given(NUMBERS, NUMBERS, st.integers(0, 300), st.integers(0, 300))
def test_damage_is_a_set_of_frames(missing, flawed, start, length) -> None:
    damage = FrameDamage.of(missing, flawed)
    assert damage | damage == damage
    within = damage.within(start, start + length)
    expected = [number for number in sorted(set(missing)) if start <= number < start + length]
    assert numbers_of(within.missing) == expected


@settings(max_examples=20)  # each line is flushed to the disk
@given(
    st.lists(
        st.tuples(st.sampled_from(["segment", "render"]), st.integers(0, 3), st.text(max_size=20)),
        max_size=4,
    ),
    st.binary(max_size=40),
    st.integers(0, 60),
)
def test_a_ledger_gives_back_the_last_of_each_whatever_was_cut_off_behind_it(lines, rubbish, cut) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, file = Path(folder) / "ledger", Path(folder) / "file"
        file.write_bytes(b"-")
        last = {}
        ledger = Ledger(path)
        for step, chunk, mark in lines:
            last[step, chunk] = ledger.record(step, chunk, mark, Made(file, notes=(mark,)))
        whole = path.read_bytes() if lines else b""
        with path.open("ab") as stream:
            stream.write(rubbish.replace(b"\n", b"")[:cut])
        Ledger(path).record("mux", None, "after", Made(file))
        again = Ledger(path)
        assert path.read_bytes().startswith(whole)
        assert {key: again.entry(*key) for key in last} == last
        assert again.entry("mux").fingerprint == "after"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["inputs", "output", "conf", "alpha", "classes", "workers", "style", "crf", "jobs"])


def complaint(path: Path) -> str:
    """The fault of a job file; "" if it gives jobs, each with inputs."""
    try:
        jobs = read_job_file(path)
    except SegVideoError as error:
        return error.what
    return "" if all(job.inputs for job in jobs) else "a job without inputs"


@given(st.dictionaries(KEYS | st.text(max_size=6), VALUES, max_size=4))
def test_a_job_file_gives_jobs_or_an_error_that_names_it(values) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.yaml"
        path.write_text(yaml.safe_dump(values), encoding="utf-8")
        assert complaint(path) == "" or "job.yaml" in complaint(path)


@given(st.text(max_size=80) | st.sampled_from(["&a [*a, *a]", "a: &a [*a]", "<<: *b", "? {}", "!!binary x"]))
def test_any_text_as_a_job_file_is_an_error_and_never_a_crash(text) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.yaml"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        with pytest.raises(SegVideoError, match=r"job\.yaml"):
            read_job_file(path)


@given(st.floats(0.01, 1.0), st.integers(0, 40), st.sampled_from(["track", "class"]))
def test_what_a_job_file_says_is_what_the_job_is_asked(alpha, crf, color_by) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.yaml"
        path.write_text(json.dumps({"inputs": "a.mp4", "alpha": alpha, "crf": crf, "color-by": color_by}))
        (job,) = read_job_file(path)
        assert (job.settings.render.alpha, job.settings.encode.crf, job.settings.render.color_by) == (
            alpha,
            crf,
            color_by,
        )
