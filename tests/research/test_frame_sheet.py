import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.structures.masks import PastedMask
from research import frame_sheet
from research.pixel_alarms import is_alarm

ROAD, CAR, SIGN = 3, 8, 6


def test_the_sheet_has_a_row_a_frame_and_a_column_a_network(
    repo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, sheet = repo_root / "sample_videos" / "drive.mp4", tmp_path / "sheet.png"
    frames = len(frame_sheet.frames_of(clip, 200))
    command = ["frame_sheet", str(clip), str(sheet), "--every", "200"]
    monkeypatch.setattr(sys, "argv", [*command, "--model", "dashcam-lite", "--model", "dashcam-lite"])
    frame_sheet.main()
    pixels = cv2.imread(str(sheet))
    assert pixels.shape == (frames * 360, 2 * 640, 3)
    np.testing.assert_array_equal(pixels[:, :640], pixels[:, 640:])
    first, second = capsys.readouterr().out.splitlines()
    assert first == second
    assert f"{frames} frames, " in first
    assert " car" in first


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.mp4").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"none\.mp4"):
        frame_sheet.frames_of(tmp_path / "none.mp4", 1)


def test_an_object_where_its_kind_cannot_be_is_a_false_alarm() -> None:
    classes = np.full((40, 60), ROAD, np.uint8)
    classes[10:20, 10:30] = CAR
    classes[0:8, 40:48] = SIGN
    on_car = PastedMask(10, 10, np.ones((10, 20), bool))
    on_road = PastedMask(10, 25, np.ones((10, 20), bool))
    on_sign = PastedMask(40, 0, np.ones((8, 8), bool))
    assert [is_alarm(3, mask, classes) for mask in (on_car, on_road, on_sign)] == [False, True, True]
    assert [is_alarm(10, mask, classes) for mask in (on_car, on_road, on_sign)] == [True, True, False]
    nothing = PastedMask(10, 25, np.zeros((10, 20), bool))
    assert not is_alarm(3, nothing, classes)
