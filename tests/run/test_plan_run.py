"""One plan for run, --dry-run, render and resume: what one refuses all refuse, before anything is written."""

from __future__ import annotations

import json

import pytest

from pipeline import cli


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, fake_network):
    monkeypatch.chdir(tmp_path)
    return tmp_path


REFUSED = [
    (["a.mp4", "--classes", "unicorn,cra,person"], 2, "no unicorn and no cra"),
    (["a.gif"], 2, "a.gif"),
    (["a.mp4", "--ignore-region", "0,500,20,20"], 2, "outside the picture"),
    (["a.mp4", "--conf", "2"], 2, "conf must lie"),
    (["there.mp4"], 2, "exists already"),
    (["folder"], 0, ""),
]


@pytest.mark.parametrize(("words", "code", "said"), REFUSED)
def test_a_dry_run_refuses_what_the_run_refuses(words, code, said, traffic, here, capsys):
    (here / "there.mp4").write_bytes(b"precious")
    (here / "folder").mkdir()
    for more in (["--dry-run"], []):
        assert cli.main([str(traffic), *words, "--workers", "0", "--quiet", *more]) == code
        assert said in capsys.readouterr().err
    assert (here / "there.mp4").read_bytes() == b"precious"
    if code:
        assert sorted(path.name for path in here.iterdir()) == ["folder", "there.mp4"]


def test_render_refuses_a_wrong_class_as_run_does(work, traffic, here, capsys):
    work([traffic], here / "out.mp4")
    assert cli.main(["render", "out.mp4", "other.mp4", "--classes", "cra"]) == 2
    assert "did you mean car?" in capsys.readouterr().err
    assert not (here / "other.mp4.seg-run").exists()


def test_render_shows_with_a_lower_conf_what_run_shows(work, traffic, here, fake_network):
    work([traffic], here / "out.mp4", conf=0.8)
    fake_network.looked_at.clear()
    assert cli.main(["render", "out.mp4", "again.mp4", "--conf", "0.3", "--workers", "0", "--quiet"]) == 0
    assert fake_network.looked_at == []
    work([traffic], here / "fresh.mp4", conf=0.3)
    assert (here / "again.mp4").read_bytes() == (here / "fresh.mp4").read_bytes()


def test_render_refuses_a_conf_below_what_was_stored(work, traffic, here, capsys):
    work([traffic], here / "out.mp4")
    assert cli.main(["render", "out.mp4", "again.mp4", "--conf", "0.05"]) == 2
    assert "stored no detections below" in capsys.readouterr().err


def test_a_rendered_run_can_be_resumed_without_its_network(work, traffic, here, monkeypatch):
    work([traffic], here / "out.mp4", chunk_frames=8)
    monkeypatch.setattr("pipeline.networks.registry.find_source", None)
    words = ["render", "out.mp4", "again.mp4", "--style", "boxes", "--workers", "0", "--quiet"]
    assert cli.main(words) == 0
    first = (here / "again.mp4").read_bytes()
    (here / "again.mp4").unlink()
    assert cli.main(["resume", "again.mp4", "--workers", "0", "--quiet"]) == 0
    assert (here / "again.mp4").read_bytes() == first


def test_the_manifest_says_what_was_asked_and_what_ran(work, traffic, here):
    work([traffic], here / "out.mp4", conf=0.05)
    manifest = json.loads((here / "out.mp4.seg-run/manifest.json").read_text())
    assert manifest["settings"]["segment"]["score"] == 0.1
    assert manifest["settings"]["render"]["conf"] == 0.05
    assert manifest["weights"]["runtime"] == "fake"
    assert manifest["class_names"] == {"1": "person", "3": "car"}


def test_a_dry_run_fetches_no_weights(traffic, here, monkeypatch, capsys):
    monkeypatch.setattr("pipeline.weights.fetch.fetch", None)
    words = [str(traffic), "out.mp4", "--model", "torchvision-r50-fpn", "--classes", "car", "--dry-run"]
    assert cli.main(words) == 0
    assert "a download of 178 MB of weights" in capsys.readouterr().out
