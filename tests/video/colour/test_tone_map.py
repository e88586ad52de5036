from __future__ import annotations

import errno
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.errors import WriteError
from pipeline.proof.compare import compare
from pipeline.structures.chunk import Chunk
from pipeline.structures.colour import ColourTags
from pipeline.structures.light_levels import LightLevels
from pipeline.structures.video_info import VideoInfo
from pipeline.video.colour import tone_curve, tone_map
from pipeline.video.read.decode import decode_rgb, decode_small
from pipeline.video.read.facts import MediaFacts
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe
from pipeline.video.settings import EncodeSettings
from pipeline.video.write.encoders import probe_encoder
from tests.footage import TICK, an_info, good_frames, write_clip

PQ_COLOUR = ColourTags(matrix=9, primaries=9, transfer=16, full_range=False)
X265_TAGS = "log-level=error:pools=none:colorprim=bt2020:transfer={}:colormatrix=bt2020nc"


def pq_clip(
    path: Path, planes: tuple[int, int, int], transfer: str = "smpte2084", layout: str = "yuv420p10le"
) -> Path:
    """6 frames of one colour, given as Y, Cb, Cr of 10 bit."""
    options = {"x265-params": X265_TAGS.format(transfer), "crf": "4"}
    with av.open(str(path), "w", container_options={"video_track_timescale": "600"}) as out:
        video = out.add_stream("libx265", rate=Fraction(30), options=options)
        video.width, video.height, video.pix_fmt = 64, 48, layout
        video.codec_context.time_base = video.time_base = TICK
        for number in range(6):
            frame = av.VideoFrame(64, 48, layout)
            for plane, value in zip(frame.planes, planes, strict=True):
                np.frombuffer(memoryview(plane), np.uint16)[...] = value
            frame.pts, frame.time_base = 20 * number + number % 2, TICK
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return path


def whole(info: VideoInfo) -> Chunk:
    return Chunk(0, 0, info.frame_count, info.start_pts, None)


@pytest.mark.parametrize(
    ("code", "light"),
    # BT.2408-5, table 1: 58 % of PQ is 203 cd/m2, 75 % of HLG too. ST 2084: 1.0 is 10 000, 0.508 is 100.
    [(0.0, 0.0), (0.5081, 100.0), (0.5807, 203.0), (0.7518, 1000.0), (1.0, 10_000.0)],
)
def test_pq_s_numbers_are_these_luminances(code: float, light: float) -> None:
    assert tone_curve.pq_light(np.array(code)) == pytest.approx(light, rel=1e-3)
    assert tone_curve.pq_code(np.array(light)) == pytest.approx(code, abs=1e-4)


@pytest.mark.parametrize(("code", "light"), [(0.0, 0.0), (0.5, 50.70), (0.75, 203.2), (1.0, 1000.0)])
def test_hlg_s_numbers_are_these_luminances_on_a_display_of_1000(code: float, light: float) -> None:
    # 0.5: E = 1/12, and 1000 * (1/12)^1.2 = 50.70.
    assert tone_curve.hlg_light(np.full(3, code)) == pytest.approx(np.full(3, light), rel=1e-3)


def test_a_saturated_colour_of_hlg_is_darkened_by_its_own_luminance() -> None:
    # Full blue has the luminance 0.0593: 1000 * 0.0593^0.2 = 568.4, and nothing of the others.
    assert tone_curve.hlg_light(np.array([0.0, 0.0, 1.0])) == pytest.approx([0, 0, 568.4], abs=0.1)


def test_the_matrix_to_bt709_is_the_standard_s() -> None:
    # ITU-R BT.2087-0, 4.
    expected = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
    assert tone_curve.to_bt709(9) == pytest.approx(np.array(expected), abs=1e-4)
    assert tone_curve.to_bt709(1) == pytest.approx(np.eye(3), abs=1e-12)
    assert tone_curve.to_bt709(2).tolist() == tone_curve.to_bt709(9).tolist()


def test_what_is_dark_stays_and_the_peak_becomes_white() -> None:
    # Of 1000 cd/m2: white is at 0.5807 / 0.7518 = 0.7724 of the range, so the knee at 0.6586: 87.8 cd/m2.
    light = np.array([0.0, 10.0, 87.0, 203.0, 1000.0, 4000.0])
    bent = tone_curve.rolled_off(light, 1000.0)
    assert bent[:3] == pytest.approx(light[:3], rel=1e-6, abs=1e-6)
    # At 0.7724 t is 1/3, so 20/27 * 0.6586 + 4/27 * 0.3414 + 7/27 * 0.7724 = 0.7387: 159 cd/m2.
    assert bent[3] == pytest.approx(159.0, abs=0.5)
    assert bent[4:] == pytest.approx([203.0, 203.0])
    assert (np.diff(tone_curve.rolled_off(np.linspace(0, 1000, 500), 1000.0)) > 0).all()


def test_a_source_that_is_no_brighter_than_sdr_is_not_bent() -> None:
    assert tone_curve.rolled_off(np.array([50.0, 203.0, 300.0]), 200.0).tolist() == [50.0, 203.0, 203.0]


def test_grey_becomes_grey_and_white_white() -> None:
    codes = tone_curve.pq_code(np.array([[0.0] * 3, [20.3] * 3, [1000.0] * 3]))
    # 20.3 cd/m2 are a tenth of white: 0.1^(1/2.4) = 0.3831.
    expected = np.array([[0.0] * 3, [0.3831] * 3, [1.0] * 3])
    assert tone_curve.sdr_from_hdr(codes, 16, 9, 1000.0) == pytest.approx(expected, abs=1e-3)


def test_the_brightest_part_of_a_colour_is_bent_and_its_hue_stays() -> None:
    bright = np.array([1000.0, 500.0, 250.0])
    mapped = tone_curve.sdr_from_hdr(tone_curve.pq_code(bright), 16, 1, 1000.0)
    assert mapped == pytest.approx([1.0, 0.5 ** (1 / 2.4), 0.25 ** (1 / 2.4)], abs=1e-3)


def test_sdr_is_left_alone() -> None:
    info = an_info(bit_depth=10, pixel_format="yuv420p10le")
    assert tone_map.sdr(info) is info


@pytest.mark.parametrize(
    ("layout", "expected"),
    [("yuv420p10le", "yuv420p"), ("yuv422p12le", "yuv422p"), ("yuv444p10le", "yuv444p")],
)
def test_what_hdr_becomes(layout: str, expected: str) -> None:
    light = LightLevels(content=(1000, 400))
    hdr = an_info(bit_depth=10, pixel_format=layout, colour=PQ_COLOUR, light=light)
    made = tone_map.sdr(hdr)
    assert (made.pixel_format, made.bit_depth, made.light) == (expected, 8, None)
    assert made.colour == ColourTags(1, 1, 1, False)
    assert probe_encoder(made, EncodeSettings()).name == "libx264"
    assert tone_map.as_painted(hdr, tone_map=False) is hdr


def test_the_peak_is_the_brightest_pixel_else_the_display_s_white_else_1000() -> None:
    def peak(transfer: int, light: LightLevels | None) -> float:
        return tone_map._peak(an_info(colour=replace(PQ_COLOUR, transfer=transfer), light=light))

    display = (Fraction(0), Fraction(4000))
    assert peak(16, LightLevels(luminance=display, content=(1500, 300))) == 1500
    assert peak(16, LightLevels(luminance=display, content=(0, 300))) == 4000
    assert peak(16, None) == 1000
    assert peak(18, LightLevels(luminance=display)) == 1000


@pytest.mark.parametrize(
    ("planes", "transfer", "expected"),
    [
        # 20.3 cd/m2 is 0.3583 of PQ, 64 + 876 * 0.3583 = 377.9; in SDR 0.3831: 16 + 219 * 0.3831 = 99.9.
        ((378, 512, 512), "smpte2084", (100, 128, 128)),
        # 203.2 cd/m2 is 0.75 of HLG, 721; bent to 159 as above: (159 / 203)^(1/2.4) = 0.9032, 213.8.
        ((721, 512, 512), "arib-std-b67", (214, 128, 128)),
    ],
    ids=["PQ", "HLG"],
)
def test_a_grey_frame_comes_out_as_computed_by_hand(
    tmp_path: Path, planes: tuple[int, int, int], transfer: str, expected: tuple[int, int, int]
) -> None:
    info = probe(pq_clip(tmp_path / "grey.mp4", planes, transfer))
    frames = list(good_frames(info, whole(info), tone_map=True))
    assert [frame.pts for frame in frames] == info.pts.tolist() == [0, 21, 40, 61, 80, 101]
    for picture in (frame.picture for frame in frames):
        assert (picture.bit_depth, picture.full_range, picture.matrix) == (8, False, "bt709")
        assert (picture.y.shape, picture.u.shape) == ((48, 64), (24, 32))
        for plane, value in zip(picture.planes, expected, strict=True):
            assert np.abs(plane.astype(int) - value).max() <= 1
    rgb = next(decode_rgb(info, whole(info), 32, 24)).picture
    grey = 255 * (expected[0] - 16) / 219
    assert rgb.shape == (24, 32, 3)
    assert np.abs(rgb - grey).max() <= 2
    luma = next(decode_small(info, whole(info), 32, 24, ())).picture.grey
    assert np.abs(luma - grey).max() <= 2


def test_a_temporary_folder_without_room_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Path, "write_text", full)
    info = an_info(1, bit_depth=10, pixel_format="yuv420p10le", colour=PQ_COLOUR)
    frame = av.VideoFrame(info.width, info.height, "yuv420p10le")
    with pytest.raises(WriteError, match=f"into {tmp_path}.\n  found: No space left on device\n.*TMPDIR"):
        tone_map.tone_mapped(frame, info, 34, 22)
    assert list(tmp_path.iterdir()) == []


def test_a_colour_comes_out_as_the_formulas_say(tmp_path: Path) -> None:
    # 203 cd/m2 of (0.8, 0.3, 0.2) in BT.709, seen in BT.2020 (BT.2087), as PQ; its Y, Cb, Cr by BT.2020, table 4.
    linear = np.array([0.8, 0.3, 0.2])
    to_bt2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
    light = 203 * to_bt2020 @ linear
    code = tone_curve.pq_code(light)
    y = code @ [0.2627, 0.6780, 0.0593]
    planes = (64 + 876 * y, 512 + 896 * (code[2] - y) / 1.8814, 512 + 896 * (code[0] - y) / 1.4746)
    info = probe(pq_clip(tmp_path / "red.mp4", (round(planes[0]), round(planes[1]), round(planes[2]))))
    rgb = next(decode_rgb(info, whole(info), 64, 48)).picture
    bent = tone_curve.rolled_off(light.max(), 1000.0) / light.max()
    assert bent < 0.97  # brighter than the knee
    wanted = 255 * (linear * bent) ** (1 / 2.4)
    assert np.abs(rgb - wanted).max() <= 3
    yuv = next(good_frames(info, whole(info), tone_map=True)).picture
    luma = 16 + 219 / 255 * (wanted @ [0.2126, 0.7152, 0.0722])
    assert np.abs(yuv.y - luma).max() <= 2


def test_hdr_stays_as_it_is_unless_asked(tmp_path: Path) -> None:
    info = probe(pq_clip(tmp_path / "grey.mp4", (371, 512, 512)))
    picture = next(good_frames(info, whole(info))).picture
    assert (picture.bit_depth, picture.matrix) == (10, "bt2020")
    assert np.abs(picture.y.astype(int) - 371).max() <= 2


def test_tone_mapping_leaves_sdr_s_pixels_alone(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "plain.mp4"))
    plain, mapped = (list(good_frames(info, whole(info), tone_map=asked)) for asked in (False, True))
    assert all(
        np.array_equal(one.picture.y, other.picture.y) for one, other in zip(plain, mapped, strict=True)
    )


def test_chunks_give_what_the_whole_gives(tmp_path: Path) -> None:
    info = probe(pq_clip(tmp_path / "grey.mp4", (500, 560, 480), layout="yuv444p10le"))
    at_once = [frame.picture.u for frame in good_frames(info, whole(info), tone_map=True)]
    pieces = [frame.picture.u for chunk in plan(info, 2) for frame in good_frames(info, chunk, tone_map=True)]
    assert at_once[0].shape == (48, 64)
    assert len(pieces) == len(at_once) == 6
    assert all(map(np.array_equal, at_once, pieces))


def test_a_turned_frame_is_mapped_and_upright() -> None:
    info = an_info(bit_depth=10, pixel_format="yuv420p10le", colour=PQ_COLOUR, rotation=90)
    frame = av.VideoFrame(64, 48, "yuv420p10le")
    for plane in frame.planes:
        np.frombuffer(memoryview(plane), np.uint16)[...] = 512
    made = tone_map.tone_mapped(frame, info, info.width, info.height)
    assert (info.width, info.height) == (48, 64)
    assert (made.width, made.height, made.format.name) == (64, 48, "gbrp10le")


def test_colours_and_bits_are_to_be_sdr_s_only_where_that_was_asked() -> None:
    light = LightLevels(content=(1000, 400))
    hdr = an_info(bit_depth=10, pixel_format="yuv420p10le", colour=PQ_COLOUR, light=light)
    source, output = (MediaFacts(info, info.pts, (), "avc1") for info in (hdr, tone_map.sdr(hdr)))
    failing = [check.name for check in compare(source, output) if not check.holds]
    assert failing == ["colour tags", "bits per sample", "light metadata"]
    checks = {check.name: check for check in compare(source, output, tone_map=True)}
    assert all(check.holds for check in checks.values())
    tags = checks["colour tags"]
    assert (tags.source, tags.output) == ("9/9/16 limited", "1/1/1 limited")
    assert {checks[name].note for name in failing} == {"tone-mapped, as requested"}
    kept = {check.name: check for check in compare(source, source, tone_map=True)}
    assert not kept["colour tags"].holds
    assert not kept["light metadata"].holds
