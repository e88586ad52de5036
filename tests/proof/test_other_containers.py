"""Sound that goes from one container to another: all of it arrives, and verify finds no difference where none is."""

from __future__ import annotations

from pathlib import Path

import ffmpeg
import pytest

from pipeline.proof.verify import verify
from pipeline.video.read.probe import probe
from pipeline.video.write.container import check_container
from tests.footage import mux_proved, packets_of
from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file
from tests.video.write.test_mux import encode_all

#: Codec, container of the source, container of the output: AAC's tag in AVI spells no text, MP3 is `.mp3` in QuickTime
#: and `mp4a` in MP4, PCM `sowt` and `ipcm`, and what begins before zero is hidden in another way in Matroska.
WAYS = [
    ("aac", "avi", "mkv"),
    ("aac", "avi", "mov"),
    ("libmp3lame", "mov", "mp4"),
    ("libmp3lame", "mp4", "mov"),
    ("libmp3lame", "mp4", "mkv"),
    ("libmp3lame", "avi", "mp4"),
    ("mp2", "mov", "mp4"),
    ("pcm_s16le", "mp4", "mov"),
    ("libvorbis", "mp4", "mkv"),
    ("ac3", "mp4", "mkv"),
]


@pytest.mark.parametrize(("codec", "before", "after"), WAYS, ids="-".join)
def test_sound_arrives_in_another_container(tmp_path: Path, codec: str, before: str, after: str) -> None:
    source, output = tmp_path / f"in.{before}", tmp_path / f"out.{after}"
    picture, tone = (
        ffmpeg.input(words, f="lavfi") for words in ("testsrc2=s=64x48:r=25:d=0.6", "sine=r=48000:d=0.6")
    )
    run_ffmpeg(to_file(source, picture, tone, vcodec="libx264", acodec=codec, bf=0), timeout_seconds=60)
    info = probe(source)
    assert mux_proved(info, encode_all(info, tmp_path), output) == ()
    wanted, found = ([content for _, content in packets_of(path, "audio")] for path in (source, output))
    assert len(wanted) > 10
    assert found == wanted
    assert [check for check in verify(source, output).checks if check.holds is False] == []


def test_a_sound_s_tag_of_one_container_family_is_still_compared(tmp_path: Path) -> None:
    picture, tone = (ffmpeg.input(words, f="lavfi") for words in ("testsrc2=s=64x48:d=0.5", "sine=d=0.5"))
    made = to_file(tmp_path / "in.mov", picture, tone, vcodec="libx264", acodec="pcm_s16le")
    run_ffmpeg(made, timeout_seconds=60)
    content = (tmp_path / "in.mov").read_bytes()
    assert content.count(b"sowt") == 1
    (tmp_path / "out.mov").write_bytes(content.replace(b"sowt", b"ipcm"))
    checks = verify(tmp_path / "in.mov", tmp_path / "out.mov").checks
    assert "pcm" not in probe(tmp_path / "out.mov").streams[1].codec  # nobody knows it
    assert any("sound" in check.name for check in checks if check.holds is False)


def pcm_clip(folder: Path, tone: str) -> Path:
    """Pictures and PCM in Matroska, in packets of 1152 samples, which QuickTime does not keep."""
    picture, sound = (
        ffmpeg.input(words, f="lavfi")
        for words in ("testsrc2=s=64x48:r=25:d=0.6", f"{tone},asetnsamples=1152:0")
    )
    made = to_file(folder / "in.mkv", picture, sound, vcodec="libx264", acodec="pcm_s16le", bf=0)
    run_ffmpeg(made, timeout_seconds=60)
    return folder / "in.mkv"


def test_pcm_is_the_same_in_packets_of_other_lengths(tmp_path: Path) -> None:
    source, output = pcm_clip(tmp_path, "sine=r=48000:d=0.6"), tmp_path / "out.mov"
    info = probe(source)
    assert mux_proved(info, encode_all(info, tmp_path), output) == ()
    wanted, found = ([content for _, content in packets_of(path, "audio")] for path in (source, output))
    assert len(found) != len(wanted)
    assert b"".join(found) == b"".join(wanted)
    checks = verify(source, output).checks
    assert [check for check in checks if check.holds is False] == []
    (note,) = [check.note for check in checks if "sound" in check.name]
    assert note == "in packets of other lengths, with the same gaps"


def test_a_gap_in_pcm_is_told_before_the_work_where_quicktime_would_close_it(tmp_path: Path) -> None:
    info = probe(pcm_clip(tmp_path, "sine=r=48000:d=0.6,aselect=lt(t\\,.2)+gt(t\\,.4)"))
    check = check_container(info, tmp_path / "out.mov")
    assert check.problems == (".mov cannot hold the gaps of stream 1 (audio pcm_s16le)",)
    assert check.fitting == (".mkv",)
    assert check_container(info, tmp_path / "out.mkv").problems == ()
    output = tmp_path / "out.mkv"
    assert mux_proved(info, encode_all(info, tmp_path), output) == ()
    assert [check for check in verify(info.path, output).checks if check.holds is False] == []


def two_videos(path: Path, second: str, **options: str) -> Path:
    """A film with a second video."""
    pictures = [ffmpeg.input(f"{words}=s=64x48:r=25:d=0.4", f="lavfi") for words in ("testsrc2", second)]
    made = to_file(path, *pictures, **{"vcodec": "libx264", "bf": 0, "disposition:v:0": "default", **options})
    run_ffmpeg(made, timeout_seconds=60)
    return path


def test_a_second_video_is_compared_by_its_content_however_it_is_packed(tmp_path: Path) -> None:
    info = probe(two_videos(tmp_path / "in.ts", "testsrc"))
    other = two_videos(tmp_path / "other.mp4", "smptebars")
    (tmp_path / "work").mkdir()
    mux_proved(info, encode_all(info, tmp_path / "work"), tmp_path / "out.mp4")
    assert verify(info.path, tmp_path / "out.mp4").holds
    first, second = (from_file(tmp_path / "out.mp4")["v:0"], from_file(other)["v:1"])
    exchanged = to_file(tmp_path / "exchanged.mp4", first, second, c="copy", video_track_timescale=90000)
    run_ffmpeg(exchanged, timeout_seconds=60)
    for name, faults in (("out", ""), ("exchanged", "other content")):
        checks = verify(info.path, tmp_path / f"{name}.mp4", quick=True).checks
        (check,) = (check for check in checks if check.name.startswith("track 1: second video"))
        assert faults in check.note
        assert check.holds is not bool(faults)


def test_the_name_of_telemetry_that_no_decoder_knows_is_compared(tmp_path: Path) -> None:
    (tmp_path / "words.srt").write_text("1\n00:00:00,100 --> 00:00:00,300\nHello\n")
    picture, words = ffmpeg.input("testsrc2=s=64x48:r=25:d=0.4", f="lavfi"), from_file(tmp_path / "words.srt")
    run_ffmpeg(to_file(tmp_path / "film.mp4", picture, words, **{"c:s": "mov_text"}), timeout_seconds=60)
    content = (tmp_path / "film.mp4").read_bytes().replace(b"sbtl", b"meta").replace(b"tx3g", b"gpmd")
    for name, entry in (("in", b"gpmd"), ("same", b"gpmd"), ("other", b"gpmx")):
        (tmp_path / f"{name}.mp4").write_bytes(content.replace(b"gpmd", entry))
    for name, held in (("same", True), ("other", False)):
        proof = verify(tmp_path / "in.mp4", tmp_path / f"{name}.mp4", quick=True)
        assert proof.holds is held
