"""Damaged sources: what decodes is there, what does not is named, and the exit code is never 0."""

from __future__ import annotations

import json

import pytest

from pipeline import cli
from pipeline.proof.verify import verify
from pipeline.record.ledger import Ledger, Made
from pipeline.structures.frame_damage import FrameDamage
from pipeline.video.read.probe import probe
from tests.traffic import write_damaged


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, fake_network):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def damaged(traffic, here):
    """The drive with frames 10, 11 and 16 to 31 overwritten."""
    return write_damaged(traffic, here / "damaged.mp4", [10, 11, *range(16, 32)])


def run(*words):
    return cli.main([*map(str, words), "--workers", "0", "--chunk-frames", "8", "--json", "--quiet"])


def test_keep_time_shows_every_frame_s_time_and_names_those_that_do_not_decode(damaged, traffic, capsys):
    assert run(damaged, "out.mp4") == 4
    output = capsys.readouterr()
    (video,) = json.loads(output.out)["videos"]
    missing = [number for start, stop in video["missing"] for number in range(start, stop)]
    assert set(missing) >= {10, 11, *range(16, 32)}
    assert video["state"] == "made"
    assert "frames do not decode and show the frame before them: " in output.err
    assert probe(damaged.with_name("out.mp4")).pts.tolist() == probe(traffic).pts.tolist()
    assert verify(damaged, damaged.with_name("out.mp4")).holds


def test_drop_leaves_them_out_and_keeps_the_times_of_all_others(damaged, traffic, capsys):
    assert run(damaged, "out.mp4", "--damaged", "drop") == 4
    (video,) = json.loads(capsys.readouterr().out)["videos"]
    missing = {number for start, stop in video["missing"] for number in range(start, stop)}
    out = probe(damaged.with_name("out.mp4"))
    expected = [pts for number, pts in enumerate(probe(traffic).pts.tolist()) if number not in missing]
    assert out.pts.tolist() == expected
    assert verify(damaged, damaged.with_name("out.mp4")).holds


def test_changing_one_s_mind_paints_anew_and_looks_at_nothing(damaged, fake_network):
    assert run(damaged, "out.mp4") == 4
    fake_network.looked_at.clear()
    assert run(damaged, "out.mp4", "--damaged", "drop", "--force") == 4
    assert fake_network.looked_at == []
    changed = damaged.with_name("out.mp4").read_bytes()
    assert run(damaged, "fresh.mp4", "--damaged", "drop") == 4
    assert damaged.with_name("fresh.mp4").read_bytes() == changed


def test_an_output_that_is_kept_is_still_of_a_damaged_source(damaged, capsys):
    run(damaged, "out.mp4")
    capsys.readouterr()
    assert run(damaged, "out.mp4") == 4
    (video,) = json.loads(capsys.readouterr().out)["videos"]
    assert video["state"] == "kept"
    assert video["missing"]


def test_another_look_at_a_run_knows_its_damage(damaged, here):
    run(damaged, "out.mp4")
    assert cli.main(["render", "out.mp4", "boxes.mp4", "--style", "boxes", "--quiet"]) == 4


def test_one_damaged_video_of_several_is_told_by_the_exit_code(damaged, traffic, here):
    assert run(damaged, traffic, "out/") == 4
    assert sorted(path.name for path in (here / "out").glob("*.mp4")) == ["damaged_seg.mp4", "drive_seg.mp4"]


def test_a_whole_video_is_not_damaged(traffic, capsys):
    assert run(traffic, "out.mp4") == 0
    (video,) = json.loads(capsys.readouterr().out)["videos"]
    assert (video["missing"], video["flawed"]) == ([], [])


def test_a_recording_that_ends_within_a_packet_is_damaged(here, traffic, capsys):
    from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file

    run_ffmpeg(to_file(here / "whole.ts", from_file(traffic), c="copy"), timeout_seconds=60)
    assert run("whole.ts", "whole.mp4") == 0
    (here / "torn.ts").write_bytes((here / "whole.ts").read_bytes()[: 188 * 60 + 77])
    assert run("torn.ts", "torn.mp4") == 4
    assert "77 bytes into it" in capsys.readouterr().err


def test_a_word_that_damaged_does_not_know_is_a_usage_error(traffic, capsys):
    assert run(traffic, "out.mp4", "--damaged", "ignore") == 2
    assert "keep-time, drop" in capsys.readouterr().err


def test_the_ledger_keeps_spans(here):
    (here / "file").write_bytes(b"-")
    damage = FrameDamage(((3, 5), (9, 10)), ((7, 8),))
    Ledger(here / "ledger").record("segment", 0, "mark", Made(here / "file", damage=damage))
    entry = Ledger(here / "ledger").entry("segment", 0)
    assert entry is not None
    assert entry.damage == damage


def test_a_stream_that_changes_its_size_is_fitted_to_the_first_and_told(here, traffic, capsys):
    from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file

    for name, words in {
        "a.ts": {"c": "copy"},
        "b.ts": {"c:a": "copy", "c:v": "libx264", "vf": "scale=200:120", "output_ts_offset": 2},
    }.items():
        run_ffmpeg(to_file(here / name, from_file(traffic), **words), timeout_seconds=60)
    (here / "both.ts").write_bytes((here / "a.ts").read_bytes() + (here / "b.ts").read_bytes())
    assert run("both.ts", "out.mp4") in (0, 4)
    assert "have another size than the first, and are scaled to it" in capsys.readouterr().err
    out = probe(here / "out.mp4")
    assert (out.width, out.height, out.frame_count) == (160, 96, 80)
    assert verify(here / "both.ts", here / "out.mp4").holds


def test_a_source_that_grows_is_refused_before_anything_is_inferred(here, traffic, fake_network, monkeypatch):
    from pipeline.run import plan_run

    (here / "grows.mp4").write_bytes(traffic.read_bytes())
    probed = plan_run.probe

    def probe_while_it_grows(path):
        found = probed(path)
        path.write_bytes(path.read_bytes() + b"more")
        return found

    monkeypatch.setattr(plan_run, "probe", probe_while_it_grows)
    assert run("grows.mp4", "out.mp4") == 3
    assert fake_network.looked_at == []
    assert not (here / "out.mp4.seg-run").exists()


def test_a_source_that_changes_later_becomes_no_output(here, traffic, fake_network, monkeypatch, capsys):
    (here / "changes.mp4").write_bytes(traffic.read_bytes())
    process = fake_network.process

    def process_and_change(self, task):
        found = process(self, task)
        if task.chunk.index == 4:
            content = bytearray(traffic.read_bytes())
            content[-1] ^= 1
            task.info.path.write_bytes(content)
        return found

    monkeypatch.setattr(fake_network, "process", process_and_change)
    assert run("changes.mp4", "out.mp4") == 3
    assert "was changed during the run" in capsys.readouterr().err
    assert not (here / "out.mp4").exists()
