"""The command: from a file's name to a page, and its end."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from pipeline.errors import ConfigError
from pipeline.live import watch
from pipeline.render.settings import RenderSettings
from pipeline.segment.settings import SegmentSettings
from tests.live.conftest import until


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_live_shows_a_file_and_ends_cleanly(traffic, tiny_weights, repo_root, number):
    words = ["live", str(traffic), "--loop", "--port", "0", "--model", str(tiny_weights), "--device", "cpu"]
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", *words], cwd=repo_root, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            lines = iter(process.stderr.readline, "")  # TensorFlow may have something to say before
            address = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+/", line) for line in lines)))[0]

            def still():
                try:
                    with urllib.request.urlopen(f"{address}snapshot.jpg", timeout=5) as answer:
                        return answer.read()
                except urllib.error.HTTPError:
                    return b""

            assert until(still, 240).startswith(b"\xff\xd8")
            process.send_signal(number)
            assert process.wait(timeout=30) == 0
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


def test_live_says_what_is_no_source(capsys):
    from pipeline.cli import main

    assert main(["live", "no such thing"]) == 3
    assert "no camera, address or file" in capsys.readouterr().err


@pytest.mark.parametrize("more", [(), ("--loop",)])
def test_live_ends_with_a_file_that_is_no_video(more, tiny_weights, tmp_path, capsys):
    """Trying again helps a camera that is not there yet, and not a text."""
    from pipeline.cli import main

    text = tmp_path / "notes.mp4"
    text.write_text("no video")
    assert main(["live", str(text), "--port", "0", "--model", str(tiny_weights), *more]) == 3
    assert "notes.mp4 cannot be shown" in capsys.readouterr().err


def test_a_recording_does_not_replace_its_own_source(tmp_path, capsys):
    from pipeline.cli import main

    source, record = tmp_path / "drive.mp4", tmp_path / "hard.mp4"
    source.write_bytes(b"-")
    record.hardlink_to(source)
    for same in (source, record):
        assert main(["live", str(source), "--record", str(same), "-y"]) == 2
        assert "would be overwritten by its own output" in capsys.readouterr().err
    assert (source.read_bytes(), record.read_bytes()) == (b"-", b"-")


def test_a_view_that_the_network_cannot_give_is_refused_before_anything_is_opened(traffic, monkeypatch):
    monkeypatch.setattr(watch, "Segmenter", None)
    monkeypatch.setattr(watch, "network_classes", lambda model: ({3: "car"}, None))
    job = watch.LiveJob(str(traffic), render=RenderSettings(view="panoptic"))
    with pytest.raises(ConfigError, match="gives no class to each pixel"):
        watch.watch(job, Path("no-such-program"), print, print, lambda: True)


def test_a_live_picture_is_a_batch_of_its_own(traffic, monkeypatch):
    """A GPU's program takes eight otherwise, of which seven would be black pictures."""
    segmenter = Mock(side_effect=ConfigError("Not here."))
    monkeypatch.setattr(watch, "Segmenter", segmenter)
    monkeypatch.setattr(watch, "network_classes", lambda model: ({3: "car"}, None))
    job = watch.LiveJob(str(traffic), segment=SegmentSettings(precision="int8"))
    with pytest.raises(ConfigError, match="Not here"):
        watch.watch(job, Path("no-such-program"), print, print, lambda: True)
    assert segmenter.call_args.args[0] == SegmentSettings(batch=1, precision="int8")


def test_a_loss_is_told_once_and_its_end_too():
    source, told = SimpleNamespace(state="connecting", trouble=""), []
    asked = watch._and_tell(lambda: len(told) == 3, source, told.append)
    for state, trouble in [("connecting", ""), ("lost", "no camera"), ("lost", "no camera"), ("running", "")]:
        source.state, source.trouble = state, trouble
        assert not asked()
    assert told == ["no camera", ""]
    source.state, source.trouble = "lost", "unplugged"
    assert asked()
