from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from sample_videos import contact_sheet as module
from sample_videos.contact_sheet import contact_sheet

LEVELS = [20, 60, 100, 140, 180, 220]


@pytest.fixture
def video(tmp_path):
    """A second of each grey level."""
    path = tmp_path / "steps.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for number, level in enumerate(np.repeat(LEVELS, 10)):
            picture = np.full((90, 160, 3), level, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_shows_the_middle_of_equal_parts_row_by_row(video):
    sheet = contact_sheet(video, columns=3, rows=2, width=80)
    assert sheet.shape == (90, 240, 3)
    tiles = sheet.reshape(2, 45, 3, 80, 3).swapaxes(1, 2)[:, :, :20]
    assert tiles.mean(axis=(2, 3, 4)).ravel() == pytest.approx(LEVELS, abs=8)


def test_writes_a_picture_and_says_where(video, tmp_path, monkeypatch, capsys):
    target = tmp_path / "new" / "sheet.png"
    monkeypatch.setattr(
        "sys.argv", ["contact_sheet", str(video), str(target), "--columns", "2", "--rows", "1"]
    )
    module.main()
    assert capsys.readouterr().out == f"{target}\n"
    assert cv2.imread(str(target)).shape == (270, 960, 3)
