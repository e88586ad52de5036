"""Pictures on the command line, with the fake network."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from pipeline import cli
from pipeline.cli.picture_inputs import are_pictures
from pipeline.errors import UsageError


@pytest.fixture
def album(tmp_path):
    """Four pictures with a bright square each."""
    folder = tmp_path / "album"
    folder.mkdir()
    for number in range(4):
        pixels = np.full((60, 90, 3), 40, np.uint8)
        pixels[20:40, 10 + number : 40 + number] = 230
        Image.fromarray(pixels).save(folder / f"{number}.jpg", quality=95)
    return folder


@pytest.fixture
def seg_video(fake_network, tmp_path, monkeypatch, capsys):
    """seg_video(arguments, **environment): its exit code, stdout and stderr."""

    def run(*arguments, **environment):
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            for name, value in environment.items():
                patch.setenv(name, value)
            code = cli.main([*map(str, arguments)])
        return code, *capsys.readouterr()

    return run


def test_a_picture_goes_where_it_is_told_and_beside_here_without_a_name(album, seg_video, tmp_path):
    code, _, err = seg_video(album / "0.jpg", "out.png", "--style", "masks")
    assert (code, err.splitlines()[-1]) == (0, "out.png: made, 1 object")
    before, after = np.asarray(Image.open(album / "0.jpg")), np.asarray(Image.open(tmp_path / "out.png"))
    changed = (before != after).any(axis=2)
    assert changed[22:38, 14:36].all()
    assert not changed[:15].any()
    assert seg_video(album / "1.jpg")[0] == 0
    assert (tmp_path / "1_seg.jpg").is_file()


def test_a_folder_a_pattern_and_several_files_are_one_batch(album, seg_video, tmp_path):
    for place, inputs in (("a/", [album]), ("b/", [f"{album}/*.jpg"]), ("c/", sorted(album.iterdir()))):
        code, out, _ = seg_video(*inputs, place, "--json", "--quiet", "--quality", "80")
        assert code == 0
        assert [entry["objects"] for entry in json.loads(out)["pictures"]] == [1] * 4
    made = [(tmp_path / place / "2_seg.jpg").read_bytes() for place in "abc"]
    assert made[0] == made[1] == made[2]
    assert seg_video(album, "best/", "--quality", "100")[0] == 0
    assert len(made[0]) < (tmp_path / "best" / "2_seg.jpg").stat().st_size


def test_the_picture_of_an_ignored_region_is_never_replaced(album, seg_video, tmp_path):
    regions = {name: tmp_path / name for name in ("own_car.png", "other_seg.png")}
    for region in regions.values():
        Image.fromarray(np.full((60, 90), 255, np.uint8)).save(region)
    before = {name: region.read_bytes() for name, region in regions.items()}
    code, _, err = seg_video(album / "0.jpg", "./own_car.png", "--ignore-region", "own_car.png", "-y")
    assert (code, "own_car.png is an input, and would be overwritten" in err) == (2, True)
    (tmp_path / "job.yaml").write_text(
        "inputs: album/0.jpg\noutput: other_seg.png\nforce: true\nignore-region: [other_seg.png]\n"
    )
    code, _, err = seg_video("submit", "job.yaml")
    assert (code, "would be overwritten" in err) == (2, True)
    assert {name: region.read_bytes() for name, region in regions.items()} == before


def test_a_list_on_standard_input(album, repo_root, tmp_path):
    listed = subprocess.run(
        [sys.executable, repo_root / "tests" / "driver.py", "-", "out/", "--dry-run"],
        input=f"{album}/3.jpg\n{album}/1.jpg\n",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert listed.returncode == 0
    assert listed.stdout.splitlines() == [
        f"{album}/3.jpg -> out/3_seg.jpg",
        f"{album}/1.jpg -> out/1_seg.jpg",
        "2 pictures",
    ]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\0\0\0\x1cftypisom", "is no list of names"),
        (b"x" * (1 << 20), "is no list of names"),
        (b"drive.MP4\n", "may name pictures only.\n  found: drive.MP4"),
        (b"", "write names to standard input"),
    ],
)
def test_what_is_no_list_on_standard_input_is_told(seg_video, monkeypatch, content, words):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    code, _, err = seg_video("-", "out/")
    assert code == 3
    assert words in err


def test_a_listed_name_may_be_no_text(album, seg_video, monkeypatch, tmp_path):
    name = b"\xff.jpg"
    (tmp_path / os.fsdecode(name)).write_bytes((album / "1.jpg").read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(name + b"\n"), "utf-8"))
    assert seg_video("-", "out/", "--dry-run")[:2] == (0, "\\xff.jpg -> out/\\xff_seg.jpg\n1 picture\n")


def test_a_broken_picture_is_set_aside_and_told_of(album, seg_video, tmp_path):
    (album / "1.jpg").write_bytes((album / "1.jpg").read_bytes()[:200])
    (album / "phone.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    code, _, err = seg_video(album, "out/", "--progress", "json")
    lines = [line for line in err.splitlines() if line.startswith("{")]
    states = [json.loads(line)["state"] for line in lines]
    assert (code, states) == (4, ["done", "failed", "done", "done", "failed"])
    code, _, err = seg_video(album, "out/")
    assert code == 4
    assert "1.jpg is broken" in err
    assert "HEIC, and none of JPEG" in err
    assert "5 pictures: 3 already done, 2 failed; 3 objects" in err
    assert seg_video(album / "1.jpg", "alone.jpg")[0] == 3


def test_any_batch_takes_any_number_of_pictures_and_changes_nothing(album, seg_video, tmp_path):
    """Six of which one is broken and two have another size; a batch of 4 goes on with what a batch of 3 has left."""
    (album / "1.jpg").write_bytes((album / "1.jpg").read_bytes()[:200])
    for name in ("8.png", "9.png"):
        Image.fromarray(np.full((60, 120, 3), 230, np.uint8)).save(album / name)
    states = []
    for place, *options in (("one/",), ("more/", "--batch", "3"), ("more/", "--batch", "4")):
        code, out, _ = seg_video(album, place, "--json", *options)
        states.append([(entry["state"], entry["objects"]) for entry in json.loads(out)["pictures"]])
        files = {path.name: path.read_bytes() for path in (tmp_path / place).rglob("*_seg.*")}
        files["found"] = (tmp_path / place / "pictures.seg-run" / "detections.parquet").read_bytes()
        assert (code, len(files)) == (4, 6)
        if place == "one/":
            alone = files
            continue
        assert files == alone
        (tmp_path / place / "2_seg.jpg").unlink()
    assert states[0] == states[1] == [("done", 1), ("failed", 0), *[("done", 1)] * 4]
    assert states[2] == [("kept", 1), ("failed", 0), ("done", 1), *[("kept", 1)] * 3]
    code, out, _ = seg_video(album, "planned/", "--batch", "3", "--dry-run")
    assert (code, out.splitlines()[-1]) == (0, "6 pictures")
    assert "--batch must be at least 1" in seg_video(album, "one/", "--batch", "0")[2]


def test_ctrl_c_ends_the_picture_under_way_and_the_same_command_goes_on(album, command, seg_video, tmp_path):
    for number in range(4, 30):
        shutil.copy(album / "0.jpg", album / f"{number:02d}.jpg")
        with (album / f"{number:02d}.jpg").open("ab") as stream:
            stream.write(b"%d" % number)  # another file: what is found in it is not known yet
    process = command(album, "out/", "--progress", "json", FAKE_DELAY="0.3")
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "run the same command again" in err
    made = {path.name for path in (tmp_path / "out").glob("*.jpg")}
    assert 1 <= len(made) < 30
    code, out, _ = seg_video(album, "out/", "--json")
    states = [entry["state"] for entry in json.loads(out)["pictures"]]
    assert (code, states.count("kept")) == (0, len(made))
    assert len(states) == 30


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--every", "1"), "--every applies to videos only"),
        (("--crf", "20"), "--crf applies to videos only"),
        (("--workers", "2"), "--workers applies to videos only"),
        (("--quality", "0"), "--quality must lie in 1..100"),
        (("--max-objects", "few"), "give a whole number\n"),
    ],
)
def test_options_that_mean_nothing_for_pictures_are_refused(album, seg_video, options, complaint):
    code, _, err = seg_video(album, "out/", *options)
    assert code == 2
    assert complaint in err


def test_quality_is_not_for_videos(seg_video, traffic):
    code, _, err = seg_video(traffic, "out.mp4", "--quality", "80")
    assert code == 2
    assert "--quality applies to pictures only" in err


def test_a_job_file_names_pictures_too(album, seg_video, tmp_path):
    (tmp_path / "job.yaml").write_text(f"inputs: {album}\noutput: out/\nstyle: boxes\nquality: 70\n")
    assert seg_video("submit", "job.yaml")[0] == 0
    assert len(list((tmp_path / "out").glob("*_seg.jpg"))) == 4
    (tmp_path / "job.yaml").write_text(f"inputs: {album}\noutput: out/\nevery: 3\n")
    code, _, err = seg_video("submit", "job.yaml")
    assert code == 2
    assert "--every applies to videos only" in err


def test_what_the_inputs_are(album, traffic, tmp_path):
    said = []
    assert are_pictures([str(album)], said.append)
    assert are_pictures(["-"], said.append)
    assert are_pictures([f"{album}/*", "not there.PNG", "phone.HEIC"], said.append)
    assert not are_pictures([str(traffic), str(tmp_path), "nothing*"], said.append)
    assert said == []
    shutil.copy(traffic, album)
    assert not are_pictures([str(album)], said.append)
    assert len(said) == 1
    assert "4 pictures are left out" in said[0]
    with pytest.raises(UsageError, match="pictures or videos, not both"):
        are_pictures([str(traffic), "photo.jpg"], said.append)


def test_a_batch_is_exported_and_is_no_run_of_a_video(album, seg_video, tmp_path):
    Image.fromarray(np.pad(np.full((10, 30, 3), 230, np.uint8), ((30, 80), (10, 160), (0, 0)))).save(
        album / "z.png"
    )
    assert seg_video(album, "out/")[0] == 0
    batch = "out/pictures.seg-run"
    assert seg_video("export", batch, "--format", "coco", "--out", "coco")[0] == 0
    coco = json.loads((tmp_path / "coco" / "annotations.json").read_text())
    assert [(image["width"], image["height"]) for image in coco["images"]] == [(90, 60)] * 4 + [(200, 120)]
    assert coco["images"][4]["file_name"] == str(album / "z.png")
    sizes = {entry["image_id"]: entry["segmentation"]["size"] for entry in coco["annotations"]}
    assert (sizes[0], sizes[4]) == ([60, 90], [120, 200])
    assert seg_video("export", "out", "--format", "yolo", "--out", "yolo")[0] == 0
    shares = np.array((tmp_path / "yolo" / "labels" / "z.txt").read_text().split()[1:], float)
    assert shares[::2].max() == pytest.approx(40 / 200, abs=0.02)
    code, _, err = seg_video("export", batch, "--format", "mots", "--out", "mots")
    assert (code, "comes from pictures" in err) == (2, True)
    for words in (("resume", batch), ("render", batch, "x.mp4"), ("status", batch)):
        code, _, err = seg_video(*words)
        assert (code, "run the same command again" in err) == (2, True), (words, err)


def test_a_job_of_a_file_replaces_no_picture_of_another(album, seg_video, tmp_path):
    (tmp_path / "job.yaml").write_text(
        f"- {{inputs: {album}/0.jpg, output: {album}/1.jpg, force: true}}\n"
        f"- {{inputs: {album}/1.jpg, output: out.jpg}}\n"
    )
    before = (album / "1.jpg").read_bytes()
    code, _, err = seg_video("submit", "job.yaml")
    assert (code, "1.jpg is an input" in err) == (2, True)
    assert (album / "1.jpg").read_bytes() == before
