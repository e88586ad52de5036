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


def test_a_quality_that_no_output_takes_is_told_before_the_work(album, seg_video, tmp_path):
    (tmp_path / "job.yaml").write_text(f"inputs: {album}/0.jpg\noutput: x.bmp\nquality: 70\n")
    for words in ((album / "0.jpg", "x.png", "--quality", "50"), ("submit", "job.yaml")):
        for more in ((), ("--dry-run",)):
            code, out, err = seg_video(*words, *more)
            assert (code, out) == (2, "")
            assert "--quality applies to JPEG, WebP and AVIF only, and no output is one of these" in err
    assert not list(tmp_path.glob("x.*"))
    Image.new("RGB", (60, 40)).save(album / "z.png")
    assert seg_video(album, "mixed/", "--quality", "50", "--dry-run")[0] == 0


def test_an_animation_is_set_aside_by_name(album, seg_video, tmp_path):
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "blue")]
    frames[0].save(album / "1a.gif", save_all=True, append_images=frames[1:])
    code, out, err = seg_video(album, "out/", "--json")
    assert code == 4
    assert [entry["state"] for entry in json.loads(out)["pictures"]] == [
        "done",
        "done",
        "failed",
        "done",
        "done",
    ]
    assert "1a.gif is an animation, of which only the first frame could be painted" in err
    assert seg_video(album / "1a.gif", "alone.gif")[0] == 3
    assert not (tmp_path / "alone.gif").exists()


def test_outputs_of_runs_are_no_videos_of_a_folder_of_pictures(album, traffic, seg_video):
    shutil.copy(traffic, album / "s_out.mp4")
    (album / "s_out.mp4.seg-run").mkdir()
    for name in (album, f"{album}/*"):
        code, out, err = seg_video("run", name, "out/", "--dry-run")
        assert (code, out.splitlines()[-1], err) == (0, "4 pictures", "")


def test_a_list_in_a_file_holds_pictures_or_videos(album, traffic, seg_video, tmp_path):
    (tmp_path / "pics.txt").write_text(f"{album}/3.jpg\n\n {album}/1.jpg\n")
    (tmp_path / "one.txt").write_text(f"file://{album}/0.jpg\n{album}/3.jpg\n")
    code, out, _ = seg_video("pics.txt", "out/", "--dry-run")
    assert (code, out.splitlines()[:-1]) == (
        0,
        [f"{album}/3.jpg -> out/3_seg.jpg", f"{album}/1.jpg -> out/1_seg.jpg"],
    )
    code, out, _ = seg_video("pics.txt", album / "2.jpg", "one.txt", "-o", "out/", "--json", "--quiet")
    states = [(entry["output"], entry["state"]) for entry in json.loads(out)["pictures"]]
    assert code == 0
    assert states == [(f"out/{number}_seg.jpg", "done") for number in (3, 1, 0, 2)]
    with (tmp_path / "pics.txt").open("a") as stream:
        stream.write(f"{traffic}\n")
    code, _, err = seg_video("pics.txt", "out/")
    assert code == 2
    assert (
        f"One list takes pictures or videos, not both.\n  found: pictures: {album}/3.jpg; others: {traffic}"
        in err
    )
    (tmp_path / "videos.txt").write_text(f"{traffic}\n")
    code, _, err = seg_video("videos.txt", album / "2.jpg", "-o", "out/")
    assert (code, "One command takes pictures or videos" in err) == (2, True)


def test_pictures_of_a_storage_are_refused(album, seg_video, tmp_path):
    (tmp_path / "pics.txt").write_text("s3://bucket/0.jpg\n")
    for words in ((album / "0.jpg", "s3://bucket/"), ("pics.txt", "out/")):
        code, _, err = seg_video(*words)
        assert (code, "storages hold videos only.\n  found: s3://bucket/" in err) == (2, True), err
    assert not (tmp_path / "s3:").exists()


def test_verify_says_that_it_is_for_videos(album, traffic, seg_video):
    for words in ((album / "0.jpg", "a_seg.jpg"), (traffic, "a.gif"), (album / "0.jpg", traffic)):
        code, _, err = seg_video("verify", *words)
        assert (code, "verify compares videos" in err) == (2, True), err


def test_a_folder_of_one_picture_is_exported_and_its_record_named(album, seg_video, tmp_path):
    assert seg_video(album / "0.jpg", "pic/")[0] == 0
    assert seg_video("export", "pic", "--format", "coco", "--out", "coco")[0] == 0
    assert len(json.loads((tmp_path / "coco" / "annotations.json").read_text())["images"]) == 1
    code, _, err = seg_video("status", "pic")
    assert (
        code,
        "pic holds no run of a video, but 1 of pictures.\n  found: pic/0_seg.jpg.seg-run" in err,
    ) == (2, True)
    with_none_named = subprocess.run(
        [sys.executable, "-m", "pipeline", "status"],
        cwd=tmp_path / "pic",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert with_none_named.stdout == (
        "there are no runs of videos in this folder, but 1 of pictures: 0_seg.jpg.seg-run, for one\n"
    )
    assert seg_video(album / "1.jpg", "pic/")[0] == 0
    code, _, err = seg_video("export", "pic", "--format", "coco", "--out", "more")
    assert (code, "found: pic/0_seg.jpg.seg-run, pic/1_seg.jpg.seg-run" in err) == (2, True)


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
