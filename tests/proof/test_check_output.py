from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.errors import MediaError
from pipeline.proof.check_output import check_output
from pipeline.video.cut.stream_cut import StreamCut
from pipeline.video.read.probe import probe
from pipeline.video.write.copying import StreamCopy, payload
from tests.footage import write_clip


def test_a_true_copy_passes(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", sound=True))
    assert check_output(info.path, info, [1]) == ()


def test_a_frame_at_another_time_is_not_published(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4"))
    pts = info.pts.copy()
    pts[4] += 1
    with pytest.raises(MediaError, match=r"frame times: .*1 of 10 at another time, by up to 0.0017 s"):
        check_output(info.path, replace(info, pts=pts), [])


def test_a_frame_too_few_is_not_published_unless_it_was_left_out(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4"))
    longer = replace(
        info,
        pts=np.append(info.pts, 999),
        keys=np.append(info.keys, False),
        resets=np.append(info.resets, False),
        decode_order=np.append(info.decode_order, 10),
        end_pts=1019,
    )
    with pytest.raises(MediaError, match="frames: 10 instead of 11"):
        check_output(info.path, longer, [])
    assert check_output(info.path, longer, [], left_out=[10]) == ()


def test_sound_that_is_missing_is_not_published_unless_it_was_not_to_be_kept(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", sound=True))
    silent = write_clip(tmp_path / "silent.mp4")
    with pytest.raises(MediaError, match="track 1: sound aac: none instead of"):
        check_output(silent, info, [1])
    assert check_output(silent, info, []) == ()


def test_another_tag_is_told_and_published(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", tags={"title": "A drive"}))
    plain = write_clip(tmp_path / "plain.mp4")
    (note,) = check_output(plain, info, [])
    assert note.startswith("differs from the source: metadata")
    assert "title" in note


def test_what_cannot_be_read_back_is_not_published(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4"))
    (tmp_path / "torn.mp4").write_bytes(info.path.read_bytes()[:-300])
    with pytest.raises(MediaError, match=r"cannot be read back|is not the same video"):
        check_output(tmp_path / "torn.mp4", info, [])


def test_times_that_run_backwards_are_moved_and_told(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", sound=True)
    with av.open(str(clip)) as container:
        sound = container.streams.audio[0]
        copy = StreamCopy(sound, sound, StreamCut(probe(clip), sound.index), Fraction(0), has_edit_lists=True)
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


def test_packets_that_meet_are_a_tick_of_the_output_apart(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.ts", sound=True)
    with av.open(str(clip)) as container:
        sound = container.streams.audio[0]
        cut = StreamCut(probe(clip), sound.index)
        copy = StreamCopy(sound, sound, cut, Fraction(0), has_edit_lists=True, tick=Fraction(1, 48000))
        packets = [packet for packet in container.demux(sound) if packet.size][:4]
        for packet in packets:
            packet.pts = packet.dts = 90001
            assert copy.take(packet)
    in_samples = [round(packet.dts * 48000 / 90000) for packet in packets]
    assert np.diff(in_samples).tolist() == [1, 1, 1]
