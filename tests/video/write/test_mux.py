from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import ffmpeg
import numpy as np
import pytest

from pipeline.errors import ConfigError, MediaError, UsageError
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.decode import decode_yuv
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe
from pipeline.video.settings import EncodeSettings
from pipeline.video.write.container import check_container
from pipeline.video.write.encode import encode_part
from pipeline.video.write.encoders import probe_encoder
from tests.footage import OPEN_GOPS, TICK, UNEVEN, good_frames, mux_proved, number_of, packets_of, write_clip
from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file

CHAPTERS = [
    {"id": 1, "start": 0, "end": 150, "time_base": TICK, "metadata": {"title": "Town"}},
    {"id": 2, "start": 150, "end": 300, "time_base": TICK, "metadata": {"title": "Country"}},
]


def encode_all(info: VideoInfo, folder: Path, chunk_frames: int = 4) -> list[Path]:
    """The parts of a video that nothing was painted on."""
    whole = info.whole
    encoder = probe_encoder(info, EncodeSettings())
    parts = []
    for chunk in plan(info, chunk_frames):
        parts.append(folder / f"part-{chunk.index:03}.mp4")
        frames = (frame.picture for frame in decode_yuv(whole, chunk))
        encode_part(parts[-1], frames, whole, chunk, encoder)
    return parts


def rich_clip(folder: Path, name: str = "rich.mp4") -> Path:
    """Uneven times, two languages of sound, subtitles, chapters, title, time and place of recording."""
    plain = write_clip(folder / "plain.mkv", sound=True, chapters=CHAPTERS, tags={"title": "A drive"})
    (folder / "words.srt").write_text("1\n00:00:00,100 --> 00:00:00,300\nHello\n")
    video, words = from_file(plain), from_file(folder / "words.srt")
    made = to_file(
        folder / name,
        *(video["v"], video["a"], video["a:0"], words["s"]),
        **{
            "c": "copy",
            "c:s": "mov_text" if name.endswith("mp4") else "srt",
            "metadata:s:a:1": "language=kor",
            "disposition:a:1": "0",
            "disposition:s:0": "forced",
            "metadata": "creation_time=2026-03-04T05:06:07Z",
            "metadata:g": "location=+47.3769+008.5417/",
        },
    )
    run_ffmpeg(made, timeout_seconds=60)
    return folder / name


def test_the_output_has_the_source_s_times_and_frames(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", pts=[9 + ticks for ticks in UNEVEN], sound=True))
    parts = encode_all(info, tmp_path)
    assert len(parts) > 1
    mux_proved(info, parts, tmp_path / "out.mp4")
    out = probe(tmp_path / "out.mp4")
    assert out.time_base == info.time_base
    assert out.pts.tolist() == info.pts.tolist()
    frames = [frame for chunk in plan(out) for frame in good_frames(out, chunk)]
    assert [number_of(frame.picture.y) for frame in frames] == list(range(10))


def test_nothing_adds_up_over_many_joints(tmp_path: Path) -> None:
    pts = [int(33.37 * number) + number % 3 for number in range(60)]
    info = probe(write_clip(tmp_path / "clip.mp4", pts=pts, options=OPEN_GOPS, time_base=Fraction(1, 1000)))
    parts = encode_all(info, tmp_path, 5)
    assert len(parts) >= 8
    mux_proved(info, parts, tmp_path / "out.mp4")
    assert probe(tmp_path / "out.mp4").pts.tolist() == pts


def test_the_last_frame_has_its_own_duration_though_others_are_decoded_after_it(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4"))
    info = replace(info, end_pts=int(info.pts[-1]) + 33)
    mux_proved(info, encode_all(info, tmp_path), tmp_path / "out.mp4")
    shown = [pts for pts, _ in packets_of(tmp_path / "out.mp4", "video")]
    assert shown[-1] < max(shown)
    assert probe(tmp_path / "out.mp4").end_pts == info.end_pts


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_sound_is_the_same_to_the_last_bit_and_tick(tmp_path: Path, suffix: str) -> None:
    source = write_clip(tmp_path / "clip.mp4", sound=True)
    info = probe(source)
    mux_proved(info, encode_all(info, tmp_path), tmp_path / f"out{suffix}")
    before, after = packets_of(source, "audio"), packets_of(tmp_path / f"out{suffix}", "audio")
    assert len(before) > 10
    assert before == after


def test_tracks_subtitles_chapters_and_tags_come_along(tmp_path: Path) -> None:
    info = probe(rich_clip(tmp_path))
    assert mux_proved(info, encode_all(info, tmp_path), tmp_path / "out.mp4") == ()
    out = probe(tmp_path / "out.mp4")
    assert [stream.kind for stream in out.streams][:4] == ["video", "audio", "audio", "subtitle"]
    assert out.streams[2].language == "kor"
    assert [chapter.metadata["title"] for chapter in out.chapters] == ["Town", "Country"]
    assert out.metadata["title"] == "A drive"
    assert out.metadata["creation_time"].startswith("2026-03-04T05:06:07")
    assert out.metadata["location"] == "+47.3769+008.5417/"
    assert packets_of(info.path, "subtitle") == packets_of(tmp_path / "out.mp4", "subtitle")


def test_the_index_comes_first_and_rotation_is_gone(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", rotation=90))
    mux_proved(info, encode_all(info, tmp_path), tmp_path / "out.mp4")
    data = (tmp_path / "out.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    out = probe(tmp_path / "out.mp4")
    assert (out.rotation, out.coded_width, out.coded_height) == (0, 48, 64)


def test_what_is_default_and_what_is_forced_stays_so(tmp_path: Path) -> None:
    info = probe(rich_clip(tmp_path, "rich.mkv"))
    mux_proved(info, encode_all(info, tmp_path), tmp_path / "out.mkv")
    out = probe(tmp_path / "out.mkv")
    assert [stream.disposition for stream in out.streams] == [stream.disposition for stream in info.streams]
    assert out.streams[3].disposition == ("forced",)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_same_parts_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", sound=True))
    parts = encode_all(info, tmp_path)
    digests = set()
    for _ in range(2):
        mux_proved(info, parts, tmp_path / f"out{suffix}")
        digests.add(hashlib.sha256((tmp_path / f"out{suffix}").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_a_broadcast_recording_starts_at_zero_with_sound_and_picture_together(tmp_path: Path) -> None:
    info = probe(
        write_clip(tmp_path / "clip.ts", sound=True, time_base=Fraction(1, 90000), pts=range(0, 90000, 3000))
    )
    assert info.start_pts > 0
    mux_proved(info, encode_all(info, tmp_path), tmp_path / "out.mp4")
    out = probe(tmp_path / "out.mp4")
    assert (out.pts - out.pts[0]).tolist() == (info.pts - info.pts[0]).tolist()

    def lag(one: VideoInfo) -> Fraction:
        audio = next(stream for stream in one.streams if stream.kind == "audio")
        return (audio.start_pts or 0) * audio.time_base - one.start_pts * one.time_base

    assert abs(lag(out) - lag(info)) < Fraction(1, 40000)
    assert min(out.start_pts * out.time_base, out.start_pts * out.time_base + lag(out)) == 0


def test_what_the_container_cannot_hold_is_refused_with_one_that_can(tmp_path: Path) -> None:
    info = probe(rich_clip(tmp_path, "rich.mkv"))
    check = check_container(info, tmp_path / "out.mp4")
    assert [sentence.split(" (")[0] for sentence in check.problems] == [".mp4 cannot hold stream 3"]
    assert check.fitting == (".mkv",)
    with pytest.raises(UsageError, match=r"do:    name an output that ends in \.mkv"):
        mux_proved(info, [tmp_path / "never-read.mp4"], tmp_path / "out.mp4")
    with pytest.raises(
        UsageError, match=r"do:    copy the file without it first: ffmpeg .* -map -0:3 -c copy"
    ):
        replace(check, fitting=()).refuse_losses(
            info, tmp_path / "out.mp4"
        )  # as of sound without a known rate
    assert check_container(info, tmp_path / "out.mkv").problems == ()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_that_is_announced_and_never_comes_is_left_out_with_a_word(tmp_path: Path, suffix: str) -> None:
    """As of a camera whose microphone is off: FFmpeg knows no rate of it, and no container holds such a track."""
    content = write_clip(tmp_path / "heard.ts", sound=True).read_bytes()
    packets = [content[at : at + 188] for at in range(0, len(content), 188)]
    silent = [packet for packet in packets if packet[1:3] not in (b"\x41\x01", b"\x01\x01")]  # number 0x101
    assert len(silent) < len(packets)
    (tmp_path / "silent.ts").write_bytes(b"".join(silent))
    info = probe(tmp_path / "silent.ts")
    assert [stream.kind for stream in info.streams] == ["video", "audio"]
    check = check_container(info, tmp_path / f"out{suffix}")
    assert (check.problems, check.kept) == ((), ())
    assert check.warnings == ("stream 1 (audio aac) is announced and has no packet: it is left out",)


def test_pcm_sound_is_not_hidden_in_an_mp4(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mkv", sound=True, sound_codec="pcm_s16le"))
    assert check_container(info, tmp_path / "out.mp4").fitting == (".mov", ".mkv")


def test_a_name_without_a_known_ending_is_refused(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4"))
    with pytest.raises(ConfigError, match=r"found: \.avi"):
        check_container(info, tmp_path / "out.avi")


def test_a_cover_picture_comes_along_where_there_is_a_place_for_it(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", sound=True)
    cover = write_clip(
        tmp_path / "cover.mkv", pts=[0], codec="mjpeg", layout="yuvj420p", options={"qmin": "1"}
    )
    made = to_file(
        tmp_path / "covered.mp4",
        *(from_file(clip), from_file(cover)),
        **{"c": "copy", "disposition:v:1": "attached_pic"},
    )
    run_ffmpeg(made, timeout_seconds=60)
    info = probe(tmp_path / "covered.mp4")
    parts = encode_all(info, tmp_path)
    assert mux_proved(info, parts, tmp_path / "out.mp4") == ()
    assert probe(tmp_path / "out.mp4").streams[2].is_picture
    assert mux_proved(info, parts, tmp_path / "out.mkv") == ()
    attached = probe(tmp_path / "out.mkv").streams[2]
    assert (attached.is_picture, attached.metadata["filename"]) == (True, "cover.jpg")
    again = probe(tmp_path / "out.mkv")
    assert mux_proved(again, encode_all(again, tmp_path), tmp_path / "again.mkv") == ()
    assert packets_of(tmp_path / "again.mkv", "video", 1)[0][1] == packets_of(info.path, "video", 1)[0][1]
    (note,) = check_container(info, tmp_path / "out.mov").warnings
    assert note.startswith(".mov cannot hold stream 2")


def test_more_chapters_and_longer_titles_than_mp4_s_list_counts(tmp_path: Path) -> None:
    marks = [
        {"id": number, "start": number, "end": number + 1, "time_base": TICK, "metadata": {"title": title}}
        for number, title in enumerate(["Long " * 60, *map(str, range(299))])
    ]
    info = probe(write_clip(tmp_path / "clip.mkv", chapters=marks))
    assert mux_proved(info, encode_all(info, tmp_path), tmp_path / "out.mp4") == ()
    assert len(probe(tmp_path / "out.mp4").chapters) == 300


def many_tracks(folder: Path, each: int) -> Path:
    """A clip with so many tracks of AAC, so many of PCM, second videos and covers."""
    clip = write_clip(folder / "clip.mp4", sound=True)
    pcm, cover = folder / "pcm.mkv", folder / "cover.mkv"
    write_clip(cover, pts=[0], codec="mjpeg", layout="yuvj420p", options={"qmin": "1"})
    run_ffmpeg(to_file(pcm, from_file(clip)["a"], acodec="pcm_s16le"), timeout_seconds=60)
    tracks = [from_file(clip)["v"]]
    for _ in range(each):
        tracks += [from_file(clip)["a"], from_file(pcm)["a"], from_file(clip)["v"], from_file(cover)["v"]]
    covers = {f"disposition:v:{2 * number + 2}": "attached_pic" for number in range(each)}
    many = {"c": "copy", "strict": "experimental", "f": "mp4", "disposition:v:0": "default"}
    run_ffmpeg(to_file(folder / f"{each}.mp4", *tracks, **many, **covers), timeout_seconds=60)
    return folder / f"{each}.mp4"


def test_a_source_is_opened_as_often_for_many_tracks_as_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It takes seconds to open one of a thousand tracks: once a track, as it was, Matroska did not end.
    opened = Counter[str]()

    def counted(file: object, *more: object, **options: object) -> object:
        opened[str(file)] += 1
        return real(file, *more, **options)

    real = av.open
    monkeypatch.setattr(av, "open", counted)
    often = {}
    for each in (1, 3):
        info = probe(many_tracks(tmp_path, each))
        assert len(info.streams) == 1 + 4 * each
        parts = encode_all(info, tmp_path)
        opened.clear()
        mux_proved(info, parts, tmp_path / "out.mkv")
        check_container(info, tmp_path / "out.mov")
        often[each] = opened[f"file:{info.path}"]
    assert often[1] == often[3]


def test_an_attached_font_stays_attached(tmp_path: Path) -> None:
    (tmp_path / "font.ttf").write_bytes(b"font" * 100)
    clip = write_clip(tmp_path / "clip.mkv", sound=True)
    attached = {"attach": str(tmp_path / "font.ttf"), "metadata:s:t": "mimetype=font/ttf"}
    run_ffmpeg(to_file(tmp_path / "font.mkv", from_file(clip), c="copy", **attached), timeout_seconds=60)
    info = probe(tmp_path / "font.mkv")
    assert mux_proved(info, encode_all(info, tmp_path), tmp_path / "out.mkv") == ()
    assert probe(tmp_path / "out.mkv").streams[2].metadata["filename"] == "font.ttf"


def test_another_program_sees_the_same_frames_and_sound(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", sound=True))
    mux_proved(info, encode_all(info, tmp_path), tmp_path / "out.mp4")

    def packets(path: Path, stream: str) -> list[list[str]]:
        """Stream, dts, pts, duration, size and hash of each packet, by the ffmpeg program."""
        source = from_file(path, copyts=None)[stream]
        listing = ffmpeg.output(source, "pipe:", f="framehash", c="copy")
        lines = run_ffmpeg(listing, timeout_seconds=60).decode().splitlines()
        return [line.replace(" ", "").split(",")[:6] for line in lines if not line.startswith("#")]

    assert packets(tmp_path / "out.mp4", "a") == packets(info.path, "a")
    assert sorted(int(row[2]) for row in packets(tmp_path / "out.mp4", "v")) == list(UNEVEN)


def test_a_second_video_is_copied_and_the_user_told(tmp_path: Path) -> None:
    front, rear = write_clip(tmp_path / "front.mp4"), write_clip(tmp_path / "rear.mp4", size=(32, 32))
    made = to_file(
        tmp_path / "two.mp4",
        *(from_file(front), from_file(rear)),
        **{"c": "copy", "disposition:v:1": "default"},
    )
    run_ffmpeg(made, timeout_seconds=60)
    info = probe(tmp_path / "two.mp4")
    (note,) = mux_proved(info, encode_all(info, tmp_path), tmp_path / "out.mp4")
    assert "stream 1" in note
    assert "not painted" in note
    assert len(probe(tmp_path / "out.mp4").streams) == 2


def test_an_output_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4"))
    (tmp_path / "out.mp4").write_text("precious")
    with pytest.raises(MediaError):
        mux_proved(info, encode_all(info, tmp_path)[:-1], tmp_path / "out.mp4")
    assert (tmp_path / "out.mp4").read_text() == "precious"


def broken_parts(kind: str, info: VideoInfo, folder: Path) -> list[Path]:
    parts = encode_all(info, folder)
    if kind == "missing":
        return parts[:-1]
    if kind == "swapped":
        return [parts[1], parts[0], *parts[2:]]
    if kind == "torn":
        parts[1].write_bytes(parts[1].read_bytes()[:-200])
    if kind == "another size":
        other = probe(write_clip(folder / "other.mp4", size=(96, 48)))
        (folder / "others").mkdir()
        parts[1] = encode_all(other, folder / "others")[1]
    return parts


@pytest.mark.parametrize("kind", ["missing", "swapped", "torn", "another size"])
def test_parts_that_are_not_the_source_s_leave_no_output(tmp_path: Path, kind: str) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4"))
    parts = broken_parts(kind, info, tmp_path)
    with pytest.raises(MediaError, match="does not belong to this video"):
        mux_proved(info, parts, tmp_path / "out.mp4")
    assert not list(tmp_path.glob("out*"))


def test_an_output_that_fails_a_check_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", sound=True))
    parts = encode_all(info, tmp_path)
    monkeypatch.setattr("pipeline.video.write.mux._copied_packets", lambda *_: iter(()))
    with pytest.raises(MediaError, match="track 1: sound aac"):
        mux_proved(info, parts, tmp_path / "out.mp4")
    assert not list(tmp_path.glob("out*"))


def test_sound_that_a_decoder_begins_with_stays_from_mp4_to_matroska_and_back(tmp_path: Path) -> None:
    source = tmp_path / "clip.mp4"
    picture, tone = (
        ffmpeg.input(words, f="lavfi") for words in ("testsrc2=s=64x48:r=25:d=0.6", "sine=d=0.6")
    )
    run_ffmpeg(to_file(source, picture, tone, vcodec="libx264", acodec="aac"), timeout_seconds=60)
    info = probe(source)
    mux_proved(info, encode_all(info, tmp_path), tmp_path / "out.mkv")
    before, after = packets_of(source, "audio"), packets_of(tmp_path / "out.mkv", "audio")
    assert [content for _, content in after] == [content for _, content in before]
    assert (before[0][0], after[0][0]) == (-1024, -23)
    back = probe(tmp_path / "out.mkv")
    assert back.pts[0] == 0
    mux_proved(back, encode_all(back, tmp_path), tmp_path / "back.mp4")
    assert [content for _, content in packets_of(tmp_path / "back.mp4", "audio")] == [c for _, c in before]


def decoded_sound(path: Path) -> list[float]:
    """The samples that FFmpeg plays of the first sound."""
    sound = ffmpeg.output(from_file(path)["a"], "pipe:", f="s16le", **{"c:a": "pcm_s16le", "ac": 1})
    return list(np.frombuffer(run_ffmpeg(sound, timeout_seconds=60), np.int16).astype(float))


@pytest.mark.parametrize("codec", ["libvorbis", "ac3", "eac3", "mp2", "libmp3lame", "libopus"])
def test_sound_of_any_format_keeps_its_hidden_beginning_in_matroska(tmp_path: Path, codec: str) -> None:
    source = tmp_path / "clip.mp4"
    picture, tone = (
        ffmpeg.input(words, f="lavfi") for words in ("testsrc2=s=64x48:r=25:d=0.6", "sine=r=48000:d=0.6")
    )
    run_ffmpeg(to_file(source, picture, tone, vcodec="libx264", acodec=codec), timeout_seconds=60)
    info = probe(source)
    assert mux_proved(info, encode_all(info, tmp_path), tmp_path / "out.mkv") == ()
    before, after = packets_of(source, "audio"), packets_of(tmp_path / "out.mkv", "audio")
    assert before[0][0] < 0
    assert [content for _, content in after] == [content for _, content in before]
    tick = next(stream.time_base for stream in info.streams if stream.kind == "audio")
    apart = [
        abs(one * tick - Fraction(other, 1000)) for (one, _), (other, _) in zip(before, after, strict=True)
    ]
    assert max(apart) <= Fraction(1, 1000)
    heard, found = decoded_sound(source), decoded_sound(tmp_path / "out.mkv")
    assert 0 <= len(found) - len(heard) < 2000  # the end of the last packet is not cut off
    assert np.corrcoef(heard[4000:20000], found[4000:20000])[0, 1] > 0.99


def hidden_second_video(folder: Path) -> VideoInfo:
    """An MP4 whose second video begins 0.2 s inside its only group of pictures, by an edit list."""
    front, rear = (folder / f"{name}.mp4" for name in ("front", "rear"))
    for path in (front, rear):
        picture = ffmpeg.input("testsrc2=s=64x48:r=25:d=0.8", f="lavfi")
        run_ffmpeg(to_file(path, picture, vcodec="libx264", g=100, bf=0), timeout_seconds=60)
    both = to_file(
        folder / "two.mp4",
        from_file(front),
        from_file(rear, ss=0.2)["v"],
        c="copy",
        **{"disposition:v:1": "0"},
    )
    run_ffmpeg(both, timeout_seconds=60)
    return probe(folder / "two.mp4")


def test_pictures_of_a_second_video_that_matroska_cannot_hide_are_told(tmp_path: Path) -> None:
    info = hidden_second_video(tmp_path)
    parts = encode_all(info, tmp_path)
    check = check_container(info, tmp_path / "out.mkv")
    assert any("an edit list hides" in sentence for sentence in check.warnings)
    notes = mux_proved(info, parts, tmp_path / "out.mkv")
    assert any("second video" in note and "instead of" in note for note in notes)
    assert len(mux_proved(info, parts, tmp_path / "out.mp4")) == 1
    assert packets_of(tmp_path / "out.mp4", "video", 1) == packets_of(info.path, "video", 1)
    assert packets_of(info.path, "video", 1)[0][0] < 0


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_that_begins_before_zero_begins_at_zero_and_the_picture_with_it(
    tmp_path: Path, suffix: str
) -> None:
    clip = write_clip(tmp_path / "clip.mkv", sound=True, pts=range(0, 900, 33), time_base=Fraction(1, 1000))
    early = {"c": "copy", "avoid_negative_ts": "disabled"}
    streams = from_file(clip)["v"], from_file(clip, itsoffset=-0.523)["a"]
    run_ffmpeg(to_file(tmp_path / "early.mkv", *streams, **early), timeout_seconds=60)
    info = probe(tmp_path / "early.mkv")
    sound = next(stream for stream in info.streams if stream.kind == "audio")
    assert sound.start_pts is not None
    start = sound.start_pts * sound.time_base
    assert start < Fraction(-1, 2)
    mux_proved(info, encode_all(info, tmp_path), tmp_path / f"out{suffix}")
    out = probe(tmp_path / f"out{suffix}")
    assert abs(out.start_pts * out.time_base - info.start_pts * info.time_base + start) < Fraction(1, 500)
    assert len(packets_of(out.path, "audio")) == len(packets_of(info.path, "audio"))
