"""The camera's motion between two pictures whose motion is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.structures.frame_motion import FrameMotion
from pipeline.video.read.motion import camera_motion, grey_size
from tests.footage import an_info


def texture(seed: int = 0) -> np.ndarray:
    """A grey picture [180, 320] with blobs of all sizes."""
    noise = np.random.default_rng(seed).uniform(0, 255, (180, 320)).astype(np.float32)
    blobs = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.clip((blobs - blobs.mean()) * 8 + 128, 0, 255).astype(np.uint8)


def test_a_shift_is_told_in_pixels_of_the_frame():
    before = texture()
    now = cv2.warpAffine(
        before, np.float32([[1, 0, 6], [0, 1, -2]]), (320, 180), borderMode=cv2.BORDER_REFLECT
    )
    found = camera_motion(before, now, width=1280)  # the frame is four times as wide
    assert found.matrix[:, 2].tolist() == pytest.approx([24, -8], abs=1.0)
    assert found.matrix[:, :2].ravel().tolist() == pytest.approx([1, 0, 0, 1], abs=0.01)
    assert found.moved == pytest.approx(np.hypot(6, 2) / 180, rel=0.1)
    assert not found.cut


def test_a_picture_that_widens_has_moved_though_its_middle_has_not():
    before = texture()
    now = cv2.warpAffine(before, cv2.getRotationMatrix2D((160, 90), 0, 1.05), (320, 180))
    found = camera_motion(before, now, width=320)
    assert found.matrix[0, 0] == pytest.approx(1.05, abs=0.005)
    assert (found.matrix @ [160, 90, 1]).tolist() == pytest.approx([160, 90], abs=0.7)
    assert found.moved > 0.01


def test_the_same_picture_has_not_moved():
    found = camera_motion(texture(), texture(), width=320)
    assert found.moved == pytest.approx(0, abs=1e-4)


def test_another_scene_is_a_cut():
    light = (texture(1) // 4 + 190).astype(np.uint8)
    assert camera_motion(texture(0) // 3, light, width=320).cut
    assert camera_motion(np.zeros((180, 320), np.uint8), texture(), width=320).cut


def test_the_first_frame_has_no_motion():
    assert camera_motion(None, texture(), width=320).still


def test_a_measured_motion_is_stored_as_it_is():
    now = cv2.warpAffine(texture(), np.float32([[1, 0, 1.3], [0, 1, 0.7]]), (320, 180))
    found = camera_motion(texture(), now, width=1000)
    read = FrameMotion.from_numbers(np.array(found.to_numbers(), np.float32))
    assert (read.matrix == found.matrix).all()
    assert (read.moved, read.cut) == (found.moved, found.cut)


def test_a_frame_is_made_small_and_keeps_its_shape():
    assert grey_size(an_info(coded_width=1280, coded_height=720)) == (320, 180)
    assert grey_size(an_info(coded_width=1280, coded_height=720, rotation=90)) == (320, 569)
    assert grey_size(an_info(coded_width=200, coded_height=100)) == (200, 100)
