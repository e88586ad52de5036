from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import av
import numpy as np
import pytest

from pipeline.proof.check_output import check_output
from pipeline.proof.compare import compare
from pipeline.structures.light_levels import LightLevels
from pipeline.video.colour.light_metadata import keeps_light, light_parameters, read_light
from pipeline.video.read.facts import read_facts
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe
from pipeline.video.settings import EncodeSettings
from pipeline.video.write.encode import encode_part
from pipeline.video.write.encoders import probe_encoder
from tests.footage import an_info, good_frames, mux_proved, write_clip

#: A display with the primaries of P3, and what x265 is told of it.
P3 = LightLevels(
    chromaticities=(
        (Fraction("0.68"), Fraction("0.32")),
        (Fraction("0.265"), Fraction("0.69")),
        (Fraction("0.15"), Fraction("0.06")),
        (Fraction("0.3127"), Fraction("0.329")),
    ),
    luminance=(Fraction("0.005"), Fraction(1000)),
    content=(940, 120),
)
P3_DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"


def hdr_clip(path: Path, extra: str = f":master-display={P3_DISPLAY}:max-cll=940,120") -> Path:
    """20 frames of PQ with a keyframe every 5."""
    tags = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    options = {"x265-params": f"log-level=error:pools=none:keyint=5:min-keyint=5:open-gop=0:{tags}{extra}"}
    return write_clip(path, range(0, 400, 20), codec="libx265", options=options, layout="yuv420p10le")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hdr_clip(tmp_path_factory.mktemp("light") / "hdr.mp4")


def through(clip: Path, folder: Path, encoder: str, name: str = "out.mp4") -> tuple[list[Path], Path]:
    """The clip decoded, encoded in parts of 5 frames and joined."""
    info = probe(clip)
    chosen = probe_encoder(info, EncodeSettings(encoder))
    parts = []
    for chunk in plan(info, 5):
        parts.append(folder / f"{chunk.index}.mp4")
        frames = (frame.picture for frame in good_frames(info, chunk))
        encode_part(parts[-1], frames, info, chunk, chosen)
    assert len(parts) == 4
    assert not [note for note in mux_proved(info, parts, folder / name) if "light" in note]
    return parts, folder / name


def test_probing_reads_what_the_source_was_mastered_on(clip: Path) -> None:
    assert probe(clip).light == P3


def test_a_source_that_says_nothing_has_none(tmp_path: Path) -> None:
    assert probe(write_clip(tmp_path / "plain.mp4")).light is None
    # x265 writes a MaxCLL of 0 beside a mastering display: that is "unknown" (H.265, D.3.35).
    only_display = probe(hdr_clip(tmp_path / "hdr.mp4", f":master-display={P3_DISPLAY}")).light
    assert only_display == replace(P3, content=None)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("encoder", ["libx265", "libx264", "libsvtav1"])
def test_every_part_and_what_is_joined_of_them_have_it(
    clip: Path, tmp_path: Path, encoder: str, suffix: str
) -> None:
    parts, joined = through(clip, tmp_path, encoder, f"out{suffix}")
    for part in (*parts, joined):
        light = probe(part).light
        assert light is not None
        assert light.same(P3), light


@pytest.mark.parametrize("encoder", ["libx265", "libx264", "libsvtav1"])
def test_decoding_has_it_from_every_keyframe_on(clip: Path, tmp_path: Path, encoder: str) -> None:
    _, joined = through(clip, tmp_path, encoder)
    with av.open(str(joined)) as container:
        found = [read_light(frame) for frame in container.decode(video=0) if frame.key_frame]
    assert len(found) == 4
    assert all(light is not None and light.same(P3) for light in found)


def test_units_are_those_of_each_encoder() -> None:
    assert light_parameters("libx265", P3) == {"x265-params": f"master-display={P3_DISPLAY}:max-cll=940,120"}
    assert light_parameters("libx264", P3) == {"x264-params": f"mastering-display={P3_DISPLAY}:cll=940,120"}
    (svt,) = light_parameters("libsvtav1", P3).values()
    assert svt.startswith("mastering-display=G(0.2650000,0.6900000)B(0.1500000,0.0600000)R(0.6800000,")
    assert svt.endswith("L(1000.000000,0.005000):content-light=940,120")
    assert light_parameters("hevc_nvenc", P3) == {}
    assert [keeps_light(name) for name in ("libx265", "hevc_nvenc")] == [True, False]


def test_what_half_is_known_is_written_with_zeros_for_the_other(tmp_path: Path) -> None:
    half = LightLevels(luminance=P3.luminance)
    assert light_parameters("libx265", half) == {
        "x265-params": "master-display=G(0,0)B(0,0)R(0,0)WP(0,0)L(10000000,50)"
    }
    clip = hdr_clip(tmp_path / "half.mp4", ":master-display=G(0,0)B(0,0)R(0,0)WP(0,0)L(10000000,50)")
    assert probe(clip).light == half
    # AV1 has no flags that say which half is meant.
    _, joined = through(clip, tmp_path, "libsvtav1")
    assert (probe(joined).light or LightLevels()).same(half)


def said(
    fractions: list[tuple[int, int]], flags: tuple[int, int] = (1, 1), content: tuple[int, int] = (0, 0)
) -> LightLevels | None:
    """The light levels read of a frame with this side data."""
    numbers = [number for pair in fractions for number in pair]
    side_data = {
        "MASTERING_DISPLAY_METADATA": np.array([*numbers, *flags], np.int32).tobytes(),
        "CONTENT_LIGHT_LEVEL": np.array(content, np.uint32).tobytes(),
    }
    pixels = SimpleNamespace(name="yuv420p10le")
    return read_light(cast(av.VideoFrame, SimpleNamespace(side_data=side_data, format=pixels)))


def test_numbers_that_no_light_has_are_not_believed() -> None:
    points = [(1, 3)] * 8
    assert said([*points, (0, 1), (1000, 1)]) == LightLevels(((Fraction(1, 3),) * 2,) * 4, (0, 1000))
    assert said([*points, (0, 1), (1000, 1)], flags=(0, 0)) is None
    for black, white in [((5, 1), (1, 1)), ((0, 1), (20_000, 1)), ((-1, 1), (1000, 1)), ((0, 1), (1000, 0))]:
        assert said([*points, black, white]) == LightLevels(((Fraction(1, 3),) * 2,) * 4)
    for odd in [(4, 3), (-1, 3)]:
        assert said([*points[:7], odd, (0, 1), (1000, 1)]) == LightLevels(
            luminance=(Fraction(0), Fraction(1000))
        )
    assert said([(0, 1)] * 10, content=(70_000, 1)) is None


@pytest.mark.parametrize("encoder", ["libx265", "libx264", "libsvtav1"])
def test_an_encoder_opens_with_the_most_that_is_believed(encoder: str) -> None:
    most = LightLevels(((Fraction(1),) * 2,) * 4, (Fraction(0), Fraction(10_000)), (65_535, 65_535))
    assert probe_encoder(an_info(bit_depth=10, light=most), EncodeSettings(encoder)).name == encoder


def test_an_encoder_s_other_parameters_stay() -> None:
    options = dict(probe_encoder(an_info(bit_depth=10, light=P3), EncodeSettings("libx265")).options)
    assert options["x265-params"].startswith("pools=none:frame-threads=1:open-gop=0:log-level=error:master-")
    plain, told = (probe_encoder(an_info(light=light), EncodeSettings("libx264")) for light in (None, P3))
    own = dict(plain.options).get("x264-params", "")
    assert dict(told.options)["x264-params"] == ":".join(
        filter(None, (own, f"mastering-display={P3_DISPLAY}:cll=940,120"))
    )


def test_losing_it_is_found_and_told(clip: Path, tmp_path: Path) -> None:
    lost = hdr_clip(tmp_path / "lost.mp4", "")
    checks = compare(read_facts(probe(clip), decode=False), read_facts(probe(lost), decode=False))
    (check,) = (check for check in checks if not check.holds)
    assert (check.name, check.output, check.vital) == ("light metadata", "none", False)
    assert check.source.startswith("0.005 to 1000 cd/m2, red 0.68 0.32, ")
    assert check.source.endswith(", MaxCLL 940, MaxFALL 120")
    (note,) = check_output(lost, probe(clip), [])
    assert note.startswith("differs from the source: light metadata: none instead of 0.005 to 1000 cd/m2")


def test_nothing_is_asked_for_where_the_source_has_none(tmp_path: Path) -> None:
    facts = read_facts(probe(write_clip(tmp_path / "plain.mp4")), decode=False)
    assert "light metadata" not in {check.name for check in compare(facts, facts)}


def test_rounding_between_codecs_is_no_difference_and_another_white_is() -> None:
    black, white = P3.luminance or (Fraction(0), Fraction(0))
    assert P3.same(replace(P3, luminance=(black + Fraction(1, 20_000), white)))
    assert not P3.same(replace(P3, luminance=(black, white + 1)))
    assert not P3.same(replace(P3, luminance=None))
    assert not P3.same(replace(P3, content=(940, 121)))
