from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.errors import MediaError
from pipeline.video.copying import StreamCopy, payload
from pipeline.video.probe import probe
from pipeline.video.timeline import output_timeline
from pipeline.video.witness import check_output
from tests.video.footage import write_clip


def copy_of_the_sound(path: Path, skip: int | None = None, shift: Fraction = Fraction(0)) -> StreamCopy:
    """What a copy of the sound remembers, had packet number `skip` not been there."""
    with av.open(str(path)) as container:
        sound = container.streams.audio[0]
        copy = StreamCopy(sound, sound, shift, has_edit_lists=True)
        for number, packet in enumerate(packet for packet in container.demux(sound) if packet.size):
            if number != skip:
                assert copy.take(packet)
    return copy


def test_a_true_copy_passes(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", sound=True)
    check_output(clip, output_timeline(probe(clip)), 0, [copy_of_the_sound(clip)])


def test_a_packet_more_or_less_is_noticed(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", sound=True)
    with pytest.raises(
        MediaError, match=r"stream 1 of the source unchanged.*\n.*with other content, at other"
    ):
        check_output(clip, output_timeline(probe(clip)), 0, [copy_of_the_sound(clip, skip=5)])


def test_sound_at_another_time_is_noticed(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", sound=True)
    late = copy_of_the_sound(clip, shift=Fraction(1, 48000))
    with pytest.raises(MediaError, match=r"packets instead of \d+, (with other content, )?at other times"):
        check_output(clip, output_timeline(probe(clip)), 0, [late])


def test_a_frame_at_another_time_is_noticed(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4")
    timeline = output_timeline(probe(clip))
    pts = timeline.pts.copy()
    pts[4] += 1
    with pytest.raises(MediaError, match="1 of them at another time"):
        check_output(clip, replace(timeline, pts=pts), 0, [])


def test_a_frame_too_few_is_noticed(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4")
    timeline = output_timeline(probe(clip))
    with pytest.raises(MediaError, match="10 frames instead of 11"):
        check_output(clip, replace(timeline, pts=np.append(timeline.pts, 999)), 0, [])


def test_times_that_run_backwards_are_moved_and_told(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", sound=True)
    with av.open(str(clip)) as container:
        sound = container.streams.audio[0]
        copy = StreamCopy(sound, sound, Fraction(0), has_edit_lists=True)
        first, second = [packet for packet in container.demux(sound) if packet.size][:2]
        second.pts = second.dts = first.dts - 7
        assert copy.take(first)
        assert copy.take(second)
    assert second.dts == first.dts + 1
    assert "1 packets were moved" in (copy.repair_note() or "")


def test_the_header_of_a_broadcast_packet_is_not_its_content(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.ts", sound=True)
    with av.open(str(clip)) as container:
        packet = next(packet for packet in container.demux(container.streams.audio[0]) if packet.size)
        assert bytes(packet)[:1] == b"\xff"
        assert payload(packet) == bytes(packet)[7:]
