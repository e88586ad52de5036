"""A part of a film as an output: its sound, subtitles and other streams are cut where its pictures are."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import ffmpeg
import numpy as np
import pytest

from pipeline.structures.video_info import VideoInfo
from pipeline.video.cut.excerpt import cut
from pipeline.video.read.probe import probe
from pipeline.video.write.container import check_container
from pipeline.video.write.timeline import output_timeline
from tests.footage import mux_proved, packets_of, write_clip
from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file
from tests.video.write.test_mux import encode_all

RATE = 48000

#: The part is of frames 15 to 29 at 30 a second, and 10 ms into it the tone rises.
BEGINS, RISES = 0.5, 0.51


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tones")


def tone_clip(folder: Path, name: str, codec: str) -> VideoInfo:
    """45 frames, 30 a second, whose tone of 400 Hz becomes one of 4000 Hz at 0.51 s."""
    path = folder / name
    if not path.exists():
        picture = write_clip(
            folder / "picture.mp4", pts=[20 * number for number in range(45)], options={"g": "10"}
        )
        words = f"aevalsrc=0.5*if(lt(t\\,{RISES})\\,sin(800*PI*t)\\,sin(8000*PI*t)):s={RATE}:d=1.5"
        sound = ffmpeg.input(words, f="lavfi")
        run_ffmpeg(
            to_file(path, from_file(picture)["v"], sound, **{"c:v": "copy", "c:a": codec}), timeout_seconds=60
        )
    return probe(path)


def heard(path: Path) -> np.ndarray:
    """The samples that FFmpeg plays, from the file's first moment on."""
    sound = ffmpeg.output(
        from_file(path)["a"], "pipe:", f="s16le", ac=1, ar=RATE, af="aresample=async=1:first_pts=0"
    )
    return np.frombuffer(run_ffmpeg(sound, timeout_seconds=60), np.int16).astype(np.float64)


def rise(samples: np.ndarray) -> float:
    """Seconds at which the high tone becomes the louder one, by windows of 2.5 ms: a whole period of the low tone."""
    width = RATE // 400
    turns = np.arange(width) / RATE
    low, high = (np.exp(-2j * np.pi * tone * turns) for tone in (400, 4000))
    windows = np.lib.stride_tricks.sliding_window_view(samples, width)[::12]
    louder = np.abs(windows @ high) > np.abs(windows @ low)
    return float(12 * int(np.argmax(louder)) + width / 2) / RATE


@pytest.mark.parametrize(
    ("source", "codec", "out", "keeps_times"),
    [
        ("a.mp4", "aac", ".mp4", False),
        ("a.mp4", "aac", ".mp4", True),
        ("a.mp4", "aac", ".mkv", False),
        ("a.mp4", "aac", ".mkv", True),
        ("a.mkv", "aac", ".mkv", False),
        ("a.ts", "aac", ".mkv", True),
        ("e.mp4", "eac3", ".mp4", True),
        ("m.mp4", "libmp3lame", ".mp4", False),
        ("m.avi", "libmp3lame", ".mkv", False),
        ("o.mkv", "libopus", ".mkv", False),
        ("p.mov", "pcm_s16le", ".mov", False),
        ("v.mkv", "libvorbis", ".mkv", True),
    ],
)
def test_sound_begins_with_the_part_s_first_frame(
    folder: Path, tmp_path: Path, source: str, codec: str, out: str, keeps_times: bool
) -> None:
    info = tone_clip(folder, source, codec)
    first = 14 if source == "m.avi" else 15  # AVI begins its first frame a frame later than its sound
    part = cut(info, first, first + 15, keeps_times=keeps_times)
    assert mux_proved(part, encode_all(part, tmp_path), tmp_path / f"part{out}") == ()
    made = probe(tmp_path / f"part{out}")
    # In the broadcast recording the pictures begin a little after the sound, with which the whole film begins.
    begins = BEGINS + float(output_timeline(info).pts[0] * info.time_base) if keeps_times else 0
    assert float(made.seconds(0)) == pytest.approx(begins, abs=0.0006)
    samples = heard(made.path)
    # AVI cannot hide what MP3's encoder puts before the sound, so that it is late there.
    late = rise(heard(info.path)) - RISES if source == "m.avi" else 0
    assert rise(samples) == pytest.approx(RISES - BEGINS + late, abs=0.0012)
    assert np.abs(samples[: RATE // 200]).max() > 3000  # no silence in the first 5 ms
    assert len(samples) / RATE == pytest.approx(0.5, abs=0.026)


@pytest.mark.parametrize(("source", "codec"), [("a.mp4", "aac"), ("m.mp4", "libmp3lame")])
def test_a_part_of_a_part_is_a_part(folder: Path, tmp_path: Path, source: str, codec: str) -> None:
    first = cut(tone_clip(folder, source, codec), 9, 40)
    mux_proved(first, encode_all(first, tmp_path), tmp_path / "first.mkv")
    again = probe(tmp_path / "first.mkv")
    assert output_timeline(again).pts[0] == 0  # what the first part hides of its sound moves nothing
    second = cut(again, 6, 20)
    mux_proved(second, encode_all(second, tmp_path), tmp_path / "second.mp4")
    assert rise(heard(tmp_path / "second.mp4")) == pytest.approx(RISES - BEGINS, abs=0.0012)


#: In milliseconds; the part is from 500 to 1000.
SUBTITLES = (
    (0, 400, "gone"),
    (400, 600, "cut"),
    (700, 800, "whole"),
    (950, 1200, "ends early"),
    (1300, 1400, "late"),
)
CHAPTERS = ((0, 400), (400, 800), (800, 1500))


def talking_clip(folder: Path, suffix: str) -> VideoInfo:
    """45 frames, 30 a second, with these subtitles and chapters."""
    lines = (
        f"{number}\n00:00:{start / 1000:06.3f} --> 00:00:{end / 1000:06.3f}\n{text}\n\n".replace(".", ",")
        for number, (start, end, text) in enumerate(SUBTITLES, start=1)
    )
    (folder / "words.srt").write_text("".join(lines))
    tick = Fraction(1, 1000)
    chapters = [
        {"id": number, "start": start, "end": end, "time_base": tick, "metadata": {"title": str(number)}}
        for number, (start, end) in enumerate(CHAPTERS)
    ]
    plain = write_clip(folder / "plain.mkv", pts=[20 * number for number in range(45)], chapters=chapters)
    streams = from_file(plain)["v"], from_file(folder / "words.srt")["s"]
    kind = {"c:s": "mov_text" if suffix == ".mp4" else "srt"}
    run_ffmpeg(to_file(folder / f"clip{suffix}", *streams, **{"c:v": "copy", **kind}), timeout_seconds=60)
    return probe(folder / f"clip{suffix}")


@pytest.mark.parametrize(("suffix", "keeps_times"), [(".mkv", False), (".mp4", False), (".mp4", True)])
def test_subtitles_and_chapters_are_cut_with_the_pictures(
    tmp_path: Path, suffix: str, keeps_times: bool
) -> None:
    part = cut(talking_clip(tmp_path, suffix), 15, 30, keeps_times=keeps_times)
    out = tmp_path / f"part{suffix}"
    assert mux_proved(part, encode_all(part, tmp_path), out) == ()
    made = probe(out)
    (tick,) = (stream.time_base for stream in made.streams if stream.kind == "subtitle")
    shown = {text.lstrip(b"\0\3\5\n").decode(): pts * tick for pts, text in packets_of(out, "subtitle")}
    shift = Fraction(1, 2) if keeps_times else 0
    times = {"cut": Fraction(0), "whole": Fraction(1, 5), "ends early": Fraction(9, 20)}
    assert {text: time for text, time in shown.items() if text} == {
        text: time + shift for text, time in times.items()
    }
    first, second = made.chapters
    assert (first.metadata["title"], second.metadata["title"]) == ("1", "2")
    assert (first.start * first.time_base, second.start * second.time_base) == (0, Fraction(3, 10) + shift)
    assert second.end * second.time_base == Fraction(1, 2) + shift


def test_a_second_video_begins_with_its_first_keyframe_and_the_user_is_told(tmp_path: Path) -> None:
    first = write_clip(tmp_path / "first.mp4", pts=[20 * number for number in range(45)])
    second = write_clip(
        tmp_path / "second.mp4", pts=[20 * number for number in range(45)], options={"g": "10"}
    )
    both = to_file(
        tmp_path / "two.mp4", from_file(first), from_file(second), c="copy", **{"disposition:v:1": "0"}
    )
    run_ffmpeg(both, timeout_seconds=60)
    part = cut(probe(tmp_path / "two.mp4"), 15, 30)
    assert "begins with its first keyframe in the part" in " ".join(
        check_container(part, tmp_path / "part.mp4").warnings
    )
    mux_proved(part, encode_all(part, tmp_path), tmp_path / "part.mp4")
    times = sorted(pts for pts, _ in packets_of(tmp_path / "part.mp4", "video", 1))
    tick = next(stream for stream in probe(tmp_path / "part.mp4").streams if stream.index == 1).time_base
    assert [time * tick for time in times[:10]] == [
        Fraction(5 + place, 30) for place in range(10)
    ]  # frames 20 to 29


def test_sound_behind_a_second_video_of_which_nothing_is_left_begins_with_the_part(
    folder: Path, tmp_path: Path
) -> None:
    tone = tone_clip(folder, "a.mp4", "aac").path
    second = write_clip(
        tmp_path / "second.mp4", pts=[20 * number for number in range(45)], options={"g": "100"}
    )
    streams = from_file(second)["v"], from_file(tone)["v"], from_file(tone)["a"]
    flags = {"disposition:v:0": "0", "disposition:v:1": "default"}
    run_ffmpeg(to_file(tmp_path / "two.mp4", *streams, c="copy", **flags), timeout_seconds=60)
    part = cut(probe(tmp_path / "two.mp4"), 15, 30, keeps_times=True)
    assert part.video == 1
    notes = mux_proved(part, encode_all(part, tmp_path), tmp_path / "part.mp4")
    assert not [note for note in notes if "instead of" in note]
    assert rise(heard(tmp_path / "part.mp4")) == pytest.approx(RISES - BEGINS, abs=0.0012)
