"""How far an output may be from its source, and which frames of a damaged source are passed over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline import cli
from pipeline.proof.cells import cell_means, plane_difference
from pipeline.proof.lag import Lag
from pipeline.proof.limits import limits_of
from pipeline.proof.paired_frames import unsure_frames
from pipeline.video.read.facts import read_facts
from pipeline.video.read.probe import probe
from pipeline.video.settings import EncodeSettings


def test_a_lower_quality_widens_every_limit_and_looks_only_at_stronger_detail():
    fine, coarse = (limits_of(EncodeSettings(crf=crf), "h264") for crf in (20, 36))
    assert coarse.cell[0] == pytest.approx(6.31 * fine.cell[0], rel=0.01)
    assert coarse.coarse == pytest.approx(6.31, rel=0.01)
    assert coarse.psnr_db == 14
    assert limits_of(EncodeSettings(crf=20), "av1") == limits_of(None, "av1")


def test_the_format_of_the_output_counts_and_not_the_encoder_s_setting():
    assert limits_of(EncodeSettings(encoder="auto"), "hevc") == limits_of(None, "hevc")
    assert limits_of(None, "hevc").cell > limits_of(None, "h264").cell


def test_cells_reach_to_the_last_row_and_column():
    plane = np.zeros((20, 27), np.float32)
    plane[19, 26] = 64
    means = cell_means(plane)
    assert means.shape == (3, 4)
    assert means[2, 3] == 1
    assert means.sum() == 1


def test_a_plane_that_moved_by_a_pixel_is_noticed():
    rows, columns = np.mgrid[:64, :96]
    wanted = (128 + 50 * np.sin(columns / 5) * np.cos(rows / 7)).astype(np.float32)
    assert plane_difference(wanted, np.roll(wanted, 1, 1), None).moved_px == pytest.approx(1, abs=0.15)
    assert plane_difference(wanted, wanted, None).moved_px == 0


def test_frames_that_follow_those_before_are_told_from_noise_and_from_their_own():
    columns = np.mgrid[:96, :160][1]
    chance = np.random.default_rng(1)
    still = (128 + 60 * np.sin(columns / 5)).astype(np.float32)
    moving = [(128 + 50 * np.sin((columns + 2 * step) / 20)).astype(np.float32) for step in range(12)]
    noisy = [still + chance.normal(0, 8, still.shape).astype(np.float32) for _ in range(12)]
    shares = []
    for frames, mixed in ((moving, 0.0), (moving, 0.25), (noisy, 0.5)):
        lag, before = Lag(), frames[0]
        for frame in frames:
            lag.add(frame, frame + np.float32(mixed) * (before - frame))
            before = frame
        shares.append(lag.share)
    assert shares == pytest.approx([0, 0.25, 0], abs=0.01)


def test_frames_behind_damage_in_the_order_of_decoding_are_unsure(traffic):
    facts = read_facts(probe(traffic), decode=True)
    assert not unsure_frames(facts).any()
    assert np.argsort(facts.info.decode_order)[9:18].tolist() == [11, 9, 10, 14, 12, 13, 16, 15, 19]
    assert facts.decoded is not None
    damaged = replace(facts, decoded=replace(facts.decoded, flawed=facts.info.pts[[9]]))
    # 11 is shown later and was decoded before; 15 is decoded behind the keyframe and may rest on frames before it.
    assert np.flatnonzero(unsure_frames(damaged)).tolist() == [9, 10, 12, 13, 14, 15]


@pytest.mark.parametrize("least", ["nan", "-3", "0", "inf"])
def test_a_psnr_that_any_or_no_picture_has_is_refused(least, traffic, capsys):
    assert cli.main(["verify", str(traffic), str(traffic) + ".out", f"--least-psnr={least}"]) == 2
    assert "least-psnr must be a number of decibels above 0" in capsys.readouterr().err
