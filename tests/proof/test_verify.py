"""verify and manifest: the proof holds for what a run makes, and breaks with whatever is changed."""

from __future__ import annotations

import hashlib
import json

import pytest

from pipeline import cli
from pipeline.proof.verify import verify
from pipeline.weights.catalog import find
from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file
from tests.traffic import write_traffic


@pytest.fixture
def made(work, traffic, tmp_path):
    """The output of a run of five chunks."""
    work([traffic], tmp_path / "out.mp4", chunk_frames=8)
    return tmp_path / "out.mp4"


def again(made, **options):
    """The output made anew by ffmpeg, in its place."""
    other = made.with_name("other.mp4")
    run_ffmpeg(to_file(other, from_file(made), map="0", **options), timeout_seconds=60)
    other.replace(made)


def faults(traffic, made):
    return {check.name for check in verify(traffic, made).checks if check.holds is False}


def test_the_proof_holds_for_what_a_run_makes(traffic, made, capsys):
    assert cli.main(["verify", str(traffic), str(made)]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split("  ")[0]: line for line in lines[1:-2]}
    assert " ok " in rows["frames"]
    assert "40" in rows["frames"]
    assert "dB" in rows["untouched pixels"]
    assert lines[-1].endswith("the same video")


def test_pixels_are_compared_only_where_nothing_was_painted(traffic, made):
    (check,) = (check for check in verify(traffic, made).checks if check.name == "untouched pixels")
    # The car, the two others, their outlines, boxes and labels cover a good part of 160x96.
    share = float(check.note.split(" %")[0])
    assert 40 < share < 95
    assert float(check.output.split()[0]) > 35


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"c": "copy", "an": None}, {"track 1: sound aac"}),
        ({"c:a": "copy", "vf": "lutyuv=y=val+25"}, {"untouched pixels"}),
        ({"c:a": "copy", "vf": "setpts=PTS+20"}, {"frame times"}),
    ],
    ids=["silent", "brighter", "late"],
)
def test_whatever_is_changed_afterwards_breaks_it(traffic, made, options, expected, capsys):
    again(made, **options, fps_mode="passthrough", video_track_timescale=600)
    assert faults(traffic, made) >= expected
    assert cli.main(["verify", str(traffic), str(made)]) == 1
    assert "DIFFERS" in capsys.readouterr().out


def test_a_picture_shown_a_frame_late_breaks_it(traffic, made):
    late = "tpad=start=5:start_mode=clone,trim=end_frame=40,setpts=N*20"
    again(made, acodec="copy", vf=late, fps_mode="passthrough", video_track_timescale=600)
    assert "untouched pixels" in faults(traffic, made)


def test_quick_decodes_nothing_and_still_misses_no_packet(traffic, made, monkeypatch):
    monkeypatch.setattr("pipeline.video.read.facts.decoded_facts", None)
    monkeypatch.setattr("pipeline.proof.verify.compare_pictures", None)
    assert verify(traffic, made, quick=True).holds
    again(made, c="copy", an=None)
    assert not verify(traffic, made, quick=True).holds


def test_a_file_that_was_written_anew_is_not_the_one_that_was_published(traffic, made, capsys):
    again(made, c="copy", video_track_timescale=600)
    checks = {check.name: check for check in verify(traffic, made).checks if check.holds is not True}
    assert list(checks) == ["published file"]  # the same video all the same
    assert cli.main(["verify", str(traffic), str(made), "--quick"]) == 1
    assert capsys.readouterr().out.count("changed since it was published") == 1
    (made.parent / "out.mp4.seg-run").rename(made.parent / "elsewhere")
    assert cli.main(["verify", str(traffic), str(made), "--quick"]) == 0


def test_detections_that_were_changed_are_not_read(traffic, made, monkeypatch):
    path = made.parent / "out.mp4.seg-run/detections.parquet"
    path.write_bytes(path.read_bytes()[:-9] + b"another" + b"P1")
    monkeypatch.setattr("pipeline.proof.paired_frames.DetectionsFile", None)  # Arrow can end the process
    checks = [check for check in verify(traffic, made).checks if check.holds is False]
    assert [check.name for check in checks] == ["untouched pixels", "painted pixels", "published file"]
    assert all("detections were changed" in check.note for check in checks)


def test_detections_of_another_video_are_no_proof(traffic, made, work, tmp_path):
    short = write_traffic(tmp_path / "short.mp4", 30)
    work([short], tmp_path / "short_out.mp4")
    detections = tmp_path / "short_out.mp4.seg-run/detections.parquet"
    detections.replace(tmp_path / "out.mp4.seg-run/detections.parquet")
    assert faults(traffic, made) == {"untouched pixels", "painted pixels", "published file"}


def test_json_holds_every_check(traffic, made, capsys):
    assert cli.main(["verify", str(traffic), str(made), "--json"]) == 0
    proof = json.loads(capsys.readouterr().out)
    assert proof["holds"] is True
    assert {"name", "holds", "source", "output", "note", "vital"} == set(proof["checks"][0])


def test_what_is_no_video_is_an_input_error(traffic, tmp_path, capsys):
    (tmp_path / "out.mp4").write_bytes(b"no video at all")
    assert cli.main(["verify", str(traffic), str(tmp_path / "out.mp4")]) == 3
    assert "cannot be read as video" in capsys.readouterr().err


def test_the_record_names_every_file_by_its_hash(traffic, made, capsys):
    assert cli.main(["manifest", str(made)]) == 0
    record = json.loads(capsys.readouterr().out)
    for name, path in (("input", traffic), ("output", made)):
        assert record[name]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert record[name]["unchanged"] is True
    assert record["weights"] == {
        "model": "dashcam-lite",
        "sha256": hashlib.sha256(find("dashcam-lite").embedded_path.read_bytes()).hexdigest(),
        "runtime": "fake",
        "stored": False,
    }
    assert record["settings"]["render"]["alpha"] == 0.45
    assert {"seg-video", "av", "numpy"} <= set(record["versions"])
    assert [chunk["frames"] for chunk in record["chunks"]] == [[0, 8], [8, 16], [16, 24], [24, 32], [32, 40]]
    assert all(
        len(chunk[step]["sha256"]) == 64 for chunk in record["chunks"] for step in ("segment", "render")
    )


def test_the_record_says_what_is_no_longer_as_it_was(made, capsys):
    made.write_bytes(made.read_bytes() + b"\0")
    assert cli.main(["manifest", str(made)]) == 1
    output = capsys.readouterr()
    record = json.loads(output.out)
    assert (record["output"]["unchanged"], record["input"]["unchanged"]) == (False, True)
    assert "has changed since it was made" in output.err


@pytest.mark.parametrize("spelling", ["itself", "link", "hard link"])
def test_a_file_that_is_compared_with_itself_proves_nothing(made, tmp_path, spelling, capsys):
    other = tmp_path / "other.mp4"
    if spelling == "link":
        other.symlink_to(made)
    elif spelling == "hard link":
        other.hardlink_to(made)
    else:
        other = made
    assert cli.main(["verify", str(other), str(made), "--quick"]) == 2
    assert "is the source itself" in capsys.readouterr().err


def test_an_output_and_its_source_in_the_wrong_order_are_no_damage(traffic, made, capsys):
    assert cli.main(["verify", str(made), str(traffic)]) == 2
    told = capsys.readouterr().err
    assert f"{made} was made of {traffic}" in told
    assert f"seg-video verify {traffic} {made}" in told
