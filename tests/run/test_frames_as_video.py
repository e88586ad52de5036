"""A folder of numbered frames becomes a video as any source does: made, kept, gone on with, verified."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from pipeline.cli import main
from pipeline.record.evidence import evidence
from pipeline.record.find_run import request_of
from pipeline.run.report.reporter import SilentReporter
from pipeline.run.run_videos import run_videos
from pipeline.run.stopping import StopSignal
from pipeline.video.read.probe import probe

OPTIONS = {"frames_as_video": "12.5", "chunk_frames": 4}


@pytest.fixture
def frames(tmp_path):
    folder = tmp_path / "drive"
    folder.mkdir()
    for number in range(10):
        Image.new("L", (64, 48), 20 + 20 * number).convert("RGB").save(folder / f"{number}.jpg")
    return folder


def test_a_folder_of_frames_is_a_film_in_all_that_comes_after(work, frames, tmp_path, capsys):
    out = tmp_path / "out.mp4"
    (result,), _ = work([frames], out, **OPTIONS)
    assert (result.state, result.facts.frames) == ("made", 10)
    film = probe(out)
    assert [float(film.seconds(number)) for number in range(10)] == pytest.approx(
        [n / 12.5 for n in range(10)]
    )
    assert [float(film.duration_seconds), film.width, film.height] == [0.8, 64, 48]
    assert main(["verify", str(frames), str(out), "--frames-as-video", "12.5"]) == 0
    assert re.search("painted pixels +ok", capsys.readouterr().out)

    kept = run_videos(request_of(tmp_path / "out.mp4.seg-run"), SilentReporter(io.StringIO()), StopSignal())
    assert [one.state for one in kept] == ["kept"]
    assert evidence(tmp_path / "out.mp4.seg-run").record["input"]["unchanged"] is True
    (frames / "3.jpg").write_bytes((frames / "4.jpg").read_bytes())
    assert not evidence(tmp_path / "out.mp4.seg-run").intact
    (again,), _ = work([frames], out, force=True, **OPTIONS)
    assert again.state == "made"
