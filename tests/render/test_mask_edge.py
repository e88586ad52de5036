"""Edges of masks: where the cells' edge is, smooth at any size, and closed at the box."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.render import mask_edge
from pipeline.render.mask_edge import EDGE_STEP, STEPS_A_PX, mask_edges
from pipeline.structures.masks import paste_mask

HEIGHT, WIDTH = 200, 300


def disc(radius: float = 12.0, soft: float = 1.0) -> np.ndarray:
    """uint8 [28, 28]: a disc of so many cells with an edge `soft` cells wide."""
    down, across = np.mgrid[:28, :28] - 13.5
    return np.rint(255 / (1 + np.exp((np.hypot(down, across) - radius) * 4 / soft))).astype(np.uint8)


def edge_of(mask: np.ndarray, *box: float, height: int = HEIGHT, width: int = WIDTH):
    (edge,) = mask_edges(mask[None], np.array([box], np.float32), height, width)
    return edge


def whole(edge, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Depth in px in the whole frame; -inf outside the window."""
    depth = np.full((height, width), -np.inf)
    rows, columns = edge.depth.shape
    depth[edge.top : edge.top + rows, edge.left : edge.left + columns] = px(edge.depth)
    return depth


def px(depth: np.ndarray) -> np.ndarray:
    return (depth.astype(float) - EDGE_STEP) / STEPS_A_PX


@pytest.mark.parametrize("side", [10.3, 28.0, 61.7, 150.0])
def test_the_mask_is_the_one_that_is_exported_but_for_its_rim(side):
    mask, box = disc(), (20.4, 10.2, 20.4 + side, 10.2 + side)
    pasted = paste_mask(mask, np.array(box, np.float32), HEIGHT, WIDTH)
    exported = np.zeros((HEIGHT, WIDTH), np.bool_)
    exported[
        pasted.top : pasted.top + pasted.pixels.shape[0], pasted.left : pasted.left + pasted.pixels.shape[1]
    ] = pasted.pixels
    painted = whole(edge_of(mask, *box)) >= 0
    assert (painted & exported).sum() / (painted | exported).sum() > 0.95


def test_depth_is_the_distance_to_the_edge_in_pixels():
    depth = whole(edge_of(disc(), 50, 20, 190, 160))  # five px a cell: a circle of 60 px about (120, 90)
    down, across = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    distance = 60 - np.hypot(down - 90, across - 120)
    assert np.abs(depth - distance)[np.abs(distance) < 1].max() < 0.3
    assert np.abs(depth - distance)[np.abs(distance) < 2.5].max() < 1


@pytest.mark.parametrize("side", [130.0, 240.0])
def test_between_samples_that_are_pixels_apart_the_edge_is_where_all_pixels_have_it(side, monkeypatch):
    box = (50.4, -3.0, 50.4 + side, -3.0 + 0.9 * side)  # cut off above, and closed at the window's rim
    mask = np.maximum(disc(), np.where(np.arange(28) < 9, 255, 0)[:, None].astype(np.uint8))
    quick = whole(edge_of(mask, *box))
    monkeypatch.setattr(mask_edge, "_STRIDES", ())
    every = whole(edge_of(mask, *box))
    assert (quick != every).any()
    near = np.abs(every) < 1
    assert np.abs(quick[near] - every[near]).max() < 0.4


def test_the_outline_has_no_corners_where_cells_meet():
    # Cells of 20 px. A band one px wide about a perfect circle scatters by 0.29 px about its middle; read off in
    # straight lines between the cells, the edge scatters by 1.
    depth = whole(edge_of(disc(soft=2.0), 0.6, 0.6, 560, 560, height=600, width=600), 600, 600)
    down, across = np.nonzero(np.abs(depth) < 0.5)
    assert np.hypot(down + 0.5 - 280.3, across + 0.5 - 280.3).std() < 0.36


def test_a_full_mask_closes_at_its_box():
    depth = whole(edge_of(np.full((28, 28), 255, np.uint8), 40, 30, 96, 86))
    inside = np.zeros((HEIGHT, WIDTH), np.bool_)
    inside[31:85, 41:95] = True
    inside[31:34, 41:44] = inside[31:34, 92:95] = inside[82:85, 41:44] = inside[82:85, 92:95] = False  # round
    assert (depth[inside] > 0).all()
    assert depth[29, 60] < -0.4
    assert (depth[:29] < 0).all()


def test_along_the_frame_there_is_no_edge():
    depth = whole(edge_of(np.full((28, 28), 255, np.uint8), 0, 50, 60, 110))
    assert depth[80, 0] > 7.9
    cut = whole(edge_of(np.full((28, 28), 255, np.uint8), -100, 50, 60, 110))
    assert cut[80, 0] > 7.9


@pytest.mark.parametrize("box", [(400, 10, 450, 40), (-60, 10, -20, 40), (30, 30, 30, 60), (50, 50, 20, 20)])
def test_nothing_of_an_empty_box_or_one_outside(box):
    assert not (px(edge_of(disc(), *box).depth) > -0.5).any()


def test_windows_hold_whole_chroma_samples():
    edge = edge_of(disc(), 21.3, 11.7, 60.9, 44.2, height=201, width=301)
    assert (edge.left % 2, edge.top % 2) == (0, 0)
    assert [side % 2 for side in edge.depth.shape] == [0, 0]
    corner = edge_of(disc(), 250, 150, 301, 201, height=201, width=301)
    assert corner.top + corner.depth.shape[0] == 201
    assert corner.left + corner.depth.shape[1] == 301


def test_no_masks_have_no_edges():
    assert mask_edges(np.zeros((0, 28, 28), np.uint8), np.zeros((0, 4), np.float32), 9, 9) == []
