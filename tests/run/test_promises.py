"""What the README promises, a test of the whole command for each, by the promise's own words."""

from __future__ import annotations

import hashlib
import json
import re
import signal
from pathlib import Path

import av
import pyarrow.parquet as pq
import pytest

from pipeline import cli
from pipeline.errors import MediaError
from pipeline.run import flow
from pipeline.video.read.probe import probe
from tests.footage import packets_of
from tests.run.test_kill import wait_for_lines
from tests.traffic import write_damaged

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, fake_network):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words):
    return cli.main([*map(str, words), "--workers", "0", "--quiet"])


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def found(out):
    return pq.read_table(f"{out}.seg-run/detections.parquet").to_pydict()


def test_each_promise_of_the_readme_has_its_test():
    listed = README.read_text().split("## What it promises\n")[1].split("\n## ")[0]
    promises = re.findall(r"^- \*\*(.+?)\.?\*\*", listed, re.MULTILINE)
    tests = {name for name in globals() if name.startswith("test_")} - {
        "test_each_promise_of_the_readme_has_its_test"
    }
    assert tests == {"test_" + re.sub(r"[^a-z0-9]+", "_", promise.lower()) for promise in promises}
    assert len(promises) >= 8


def test_every_frame_stays_at_its_time(traffic):
    assert run(traffic, "out.mp4", "--chunk-frames", 8) == 0
    source, out = probe(traffic), probe(Path("out.mp4"))
    assert out.pts.tolist() == source.pts.tolist()
    assert out.time_base == source.time_base
    with av.open("out.mp4") as container:
        assert sum(1 for _ in container.decode(video=0)) == source.frame_count == 40


def test_the_sound_stays_bit_for_bit(traffic):
    assert run(traffic, "out.mp4", "--chunk-frames", 8) == 0
    assert len(packets_of(traffic, "audio")) > 10
    assert packets_of(Path("out.mp4"), "audio") == packets_of(traffic, "audio")


def test_a_colour_stays_with_its_object_whatever_the_chunks(traffic):
    seen = []
    for frames in (4, 8, 40):
        assert run(traffic, f"{frames}.mp4", "--chunk-frames", frames) == 0
        table = found(f"{frames}.mp4")
        seen.append(list(zip(table["frame"], table["track_id"], strict=True)))
    assert seen[0] == seen[1] == seen[2]
    frames_of_first = [frame for frame, track in seen[0] if track == seen[0][0][1]]
    assert len(frames_of_first) > 8  # it goes over a border


def test_killed_at_any_moment_it_goes_on_and_ends_with_the_same_bytes(traffic, command, here):
    assert run(traffic, "whole.mp4", "--chunk-frames", 4) == 0
    words = [traffic, "out.mp4", "--workers", 0, "--chunk-frames", 4]
    process = command(*words, FAKE_DELAY="0.01")
    ledger = here / "out.mp4.seg-run" / "ledger.jsonl"
    wait_for_lines(ledger, 9, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not Path("out.mp4").exists()
    again = command(*words, "--progress", "json")
    errors = again.communicate(timeout=120)[1]
    assert again.returncode == 0, errors
    begin = next(event for event in map(json.loads, errors.splitlines()) if event["event"] == "begin")
    assert begin["frames_kept"] > 0
    assert digest("out.mp4") == digest("whole.mp4")


def test_what_cannot_be_decoded_is_named_and_the_exit_code_is_not_0(traffic, here, capsys):
    write_damaged(traffic, here / "damaged.mp4", range(16, 24))
    assert run("damaged.mp4", "out.mp4", "--json") == 4
    (video,) = json.loads(capsys.readouterr().out)["videos"]
    assert {n for start, stop in video["missing"] for n in range(start, stop)} >= set(range(16, 24))
    assert probe(Path("out.mp4")).frame_count == 40


def test_nothing_takes_the_output_s_name_before_it_was_checked_against_the_source(traffic, monkeypatch):
    def refuse(*_):
        raise MediaError("another number of frames")

    monkeypatch.setattr(flow, "check_output", refuse)
    assert run(traffic, "out.mp4") != 0
    assert not Path("out.mp4").exists()
    assert [path.name for path in Path().iterdir()] == ["out.mp4.seg-run"]


def test_the_source_is_never_written_to(traffic, here, capsys):
    source = here / "drive.mp4"
    source.write_bytes(traffic.read_bytes())
    before = (digest(source), source.stat().st_mtime_ns)
    assert run(source, "out.mp4") == 0
    assert run(source, source, "--force") == 2
    assert "drive.mp4" in capsys.readouterr().err
    assert (digest(source), source.stat().st_mtime_ns) == before


def test_another_look_needs_no_second_pass_of_the_network(traffic, fake_network):
    assert run(traffic, "out.mp4", "--chunk-frames", 8) == 0
    looked = list(fake_network.looked_at)
    assert len(looked) == 5
    assert cli.main(["render", "out.mp4", "boxes.mp4", "--style", "boxes", "--quiet"]) == 0
    assert run(traffic, "out.mp4", "--chunk-frames", 8, "--alpha", "0.9", "--force") == 0
    assert fake_network.looked_at == looked
    assert digest("boxes.mp4") != digest("out.mp4")


def test_what_cannot_work_is_told_before_anything_begins(traffic, here, fake_network):
    (here / "file").write_bytes(b"")
    for words in (["--preset", "warp"], ["--conf", "2"], ["--style", "mask"], ["--classes", "unicorn"]):
        assert run(traffic, "out.mp4", *words) in (1, 2)
    assert run(traffic, "file/out.mp4") != 0
    assert fake_network.looked_at == []
    assert not Path("out.mp4").exists()
