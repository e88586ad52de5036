"""A part of a film from the command line to the proof; the film has a frame about every 1/30 s."""

from __future__ import annotations

import json
import signal

import numpy as np
import pytest

import seg_video
from pipeline import cli
from pipeline.proof.verify import verify
from pipeline.store.reader import DetectionsFile
from pipeline.video.read.probe import probe
from pipeline.video.settings import DecodeSettings
from tests.run.test_kill import wait_for_lines
from tests.traffic import run_in_chunks, write_damaged

#: Frames 11 to 28 of the traffic, whose times are 20 n + n % 3 ticks of 1/600 s.
PART = {"start": 0.367, "end": 0.95}
WORDS = ("--start", "0.367", "--end", "0:00.95")
FIRST, STOP = 11, 29


def stored(output):
    with DetectionsFile(output.with_name(output.name + ".seg-run") / "detections.parquet") as file:
        return file.header, file.read_tracks()


@pytest.fixture
def part(work, traffic, tmp_path):
    output = tmp_path / "part.mp4"
    (result,), _ = work([traffic], output, chunk_frames=8, **PART)
    assert result.facts.frames == STOP - FIRST
    return output


def test_a_part_has_the_frames_between_two_times_and_begins_at_zero(part, traffic):
    source = probe(traffic)
    assert probe(part).pts.tolist() == (source.pts[FIRST:STOP] - source.pts[FIRST]).tolist()
    header, tracks = stored(part)
    assert (header.first_frame, header.stop_frame) == (FIRST, STOP)
    assert header.pts.tolist() == source.pts[FIRST:STOP].tolist()
    assert {len(each) for each in tracks} == {2}  # the third square is gone by frame 10


def test_what_the_network_finds_in_a_part_is_what_it_finds_there_in_the_film(part, work, traffic, tmp_path):
    work([traffic], tmp_path / "whole.mp4", chunk_frames=8)
    _, whole = stored(tmp_path / "whole.mp4")
    _, tracks = stored(part)
    for ours, theirs in zip(tracks, whole[FIRST:STOP], strict=True):
        assert np.array_equal(np.sort(ours.detections.boxes, 0), np.sort(theirs.detections.boxes, 0))


def test_verify_knows_the_part_by_the_record_and_takes_it_as_options(part, traffic, capsys):
    proof = verify(traffic, part)
    assert proof.holds
    assert proof.part == "frames 11 to 28, 0.370 to 0.970 s"
    assert {"painted pixels", "frame order"} <= {check.name for check in proof.checks if check.holds}
    part.with_name("part.mp4.seg-run").rename(part.with_name("elsewhere"))
    assert "frames" in {check.name for check in verify(traffic, part).checks if check.holds is False}
    assert cli.main(["verify", str(traffic), str(part), *WORDS]) == 0
    assert "the same video as that part of the source: frames 11 to 28" in capsys.readouterr().out
    assert seg_video.verify(traffic, part, **PART).holds


@pytest.mark.parametrize("by", [-1, 1])
def test_a_part_that_is_shifted_by_a_frame_does_not_hold(by, part, traffic):
    source = probe(traffic)
    start, end = (float(source.seconds(number + by)) - 0.001 for number in (FIRST, STOP))
    proof = verify(traffic, part, part=DecodeSettings(start=start, end=end))
    assert {"frame times", "track 1: sound aac"} <= {
        check.name for check in proof.checks if check.holds is False
    }


def test_times_are_kept_where_that_is_asked_and_nothing_is_looked_at_again(part, work, fake_network, traffic):
    fake_network.looked_at.clear()
    work([traffic], part, chunk_frames=8, force=True, keep_times=True, **PART)
    assert fake_network.looked_at == []
    assert probe(part).pts.tolist() == probe(traffic).pts[FIRST:STOP].tolist()
    assert verify(traffic, part).holds


def test_another_part_is_looked_at_anew(part, work, fake_network, traffic):
    fake_network.looked_at.clear()
    _, events = work([traffic], part, chunk_frames=8, force=True, start=0.3, end=0.95)
    assert sorted(fake_network.looked_at) == [0, 1, 2]
    assert "start: 0.367 -> 0.3" in json.dumps(events)
    assert probe(part).frame_count == 20


@pytest.mark.parametrize("every", [1, 3])
def test_where_the_chunks_were_cut_changes_nothing_of_what_is_found(every, work, traffic, tmp_path):
    files = []
    for chunk_frames in (5, 96):
        output = tmp_path / f"{chunk_frames}.mp4"
        work([traffic], output, chunk_frames=chunk_frames, every=every, **PART)
        files.append((tmp_path / f"{output.name}.seg-run" / "detections.parquet").read_bytes())
    assert files[0] == files[1]


def test_a_killed_part_is_resumed_to_the_same_bytes(part, command, traffic, tmp_path, fake_network):
    killed = tmp_path / "killed.mp4"
    process = command(traffic, killed, *WORDS, "--workers", 0, "--chunk-frames", 8, FAKE_DELAY="0.02")
    wait_for_lines(killed.with_name("killed.mp4.seg-run") / "ledger.jsonl", 3, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert cli.main(["resume", str(killed), "--quiet"]) == 0
    assert 0 < len(fake_network.looked_at) - 3 < 3  # three of the part itself
    assert killed.read_bytes() == part.read_bytes()


@pytest.mark.parametrize("damaged", ["keep-time", "drop"])
def test_damaged_frames_of_a_part_are_called_by_their_numbers_in_the_source(damaged, work, traffic, tmp_path):
    source = write_damaged(traffic, tmp_path / "damaged.mp4", [13, 14])
    output = tmp_path / "part.mp4"
    (result,), _ = work([source], output, chunk_frames=8, damaged=damaged, **PART)
    missing = {number for start, stop in result.facts.missing for number in range(start, stop)}
    assert {13, 14} <= missing <= set(range(FIRST, STOP))
    assert probe(output).frame_count == STOP - FIRST - (len(missing) if damaged == "drop" else 0)
    assert verify(source, output).holds


def test_damage_before_a_part_is_not_its_own(work, traffic, tmp_path):
    source = write_damaged(traffic, tmp_path / "damaged.mp4", [9])
    (result,), _ = work([source], tmp_path / "part.mp4", chunk_frames=8, **PART)
    assert result.facts.missing == ()
    assert verify(source, tmp_path / "part.mp4").holds


def test_a_part_is_rendered_anew_and_exported_as_a_part(part, work, traffic, tmp_path):
    assert run_in_chunks("render", part, tmp_path / "boxes.mp4", "--style", "boxes") == 0
    assert verify(traffic, tmp_path / "boxes.mp4").holds
    assert probe(tmp_path / "boxes.mp4").frame_count == STOP - FIRST
    folder = seg_video.export(part, "yolo", tmp_path / "yolo", frames=True)
    names = [f"{number:06d}" for number in range(FIRST, STOP)]
    assert sorted(path.stem for path in (folder / "images").iterdir()) == names
    assert sorted(path.stem for path in (folder / "labels").iterdir()) == names


def test_a_program_gets_the_frames_of_a_part(part, traffic, tmp_path):
    streamed = list(seg_video.segment(traffic, **PART))
    again = list(seg_video.open_run(part).frames())
    assert (
        [frame.number for frame in streamed] == [frame.number for frame in again] == list(range(FIRST, STOP))
    )
    for ours, theirs in zip(streamed, again, strict=True):
        assert ours.seconds == theirs.seconds
        assert np.array_equal(ours.tracks.track_ids, theirs.tracks.track_ids)


def test_a_start_behind_the_end_is_told_before_weights_are_fetched(traffic, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("pipeline.run.plan_run.weights_digest", lambda model: pytest.fail("fetched"))
    assert (
        run_in_chunks(traffic, tmp_path / "out.mp4", "--start", "1:30", "--model", "torchvision-r50-fpn") == 2
    )
    said = capsys.readouterr().err
    assert "has no frame at 90 s or later" in said
    assert "its last frame ends at 1.3" in said
    assert not list(tmp_path.glob("out*"))
