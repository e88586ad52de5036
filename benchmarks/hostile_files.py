"""Files that break video tools, made anew from test pictures: `make_all(folder)` gives a Case for each."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import imageio_ffmpeg

PICTURES = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=2"]
SOUND = ["-f", "lavfi", "-i", "sine=f=440:d=2"]
H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "15", "-pix_fmt", "yuv420p"]
AAC = ["-c:a", "aac"]

#: What is special about the files of the shared folder, by name.
SPECIAL = {
    "AudioVideoInterleave.avi": "an AVI header, no frame",
    "Mpeg4.mp4": "an MP4 header, no stream",
    "av1_video.mkv": "AV1",
    "bitmap.mp4": "1x1 pixel, 4:4:4",
    "corrupted.mp4": "bad NAL sizes",
    "dash-608-captions-init.mp4": "a DASH header without its segments",
    "fire2.mp4": "Motion JPEG at an odd rate",
    "h265_10bits.mp4": "HEVC, 10 bit",
    "nasa_13013.mp4": "two video streams, subtitles",
    "no_duration.webm": "no duration in the header",
    "test-middle-pat-pmt.ts": "PAT and PMT in the middle",
    "test-stuffed-pes.ts": "headers alone, no frame",
    "transparent.webm": "alpha",
    "unordered.mov": "B-frames out of order",
    "video_0.mov": "phone video, uneven rate",
    "video_90.mov": "phone video, turned by 90 degrees",
    "webm.webm": "one frame, the smallest WebM there is",
    "-dash and 'quotes' $HOME; 한글 %03d.mp4": "a name that shells and patterns misread",
    "audio_only.mp4": "no video",
    "bt601_full_range.mp4": "BT.601, full range",
    "edit_list_cut.mp4": "an edit list cuts into a GOP",
    "empty.mp4": "0 bytes",
    "flipped_bits.mp4": "flipped bits",
    "flipped_bits.ts": "flipped bits",
    "hdr10_pq.mp4": "HDR10: 10 bit, BT.2020, PQ",
    "interlaced_mpeg2_anamorphic.mpg": "interlaced, wide pixels",
    "mjpeg.avi": "Motion JPEG without sound",
    "odd_427x241_yuv444.mp4": "odd size, 4:4:4",
    "one_frame.mp4": "one frame",
    "one_keyframe.mp4": "one keyframe",
    "open_gop_h264.mp4": "open GOPs",
    "open_gop_hevc_10bit.mkv": "open GOPs, HEVC 10 bit",
    "pcm_srt.mkv": "PCM sound, SRT subtitles",
    "rotated_90.mp4": "turned by 90 degrees",
    "stream.ts": "MPEG-TS, starts at 1.4 s",
    "text.mp4": "a text",
    "truncated.ts": "ends within a packet",
    "truncated_no_moov.mp4": "no index",
    "two_audio_subs_chapters_2997.mp4": "two languages, subtitles, chapters, place; 29.97 a second",
    "vfr.mp4": "variable frame rate",
    "video_starts_late.mp4": "video starts 0.5 s after the sound",
    "vp9_opus.webm": "VP9 with Opus",
    "wrong_extension.mp4": "Matroska called .mp4",
}


@dataclass(frozen=True)
class Case:
    """A file to try.

    path : where it is. special : what is special about it. allowed : exit codes that are right for it.
    arguments : further ones of the command. act : what happens while the command runs: "grow" it, or
    "locked" output folder, or "plan" only.
    """

    path: Path
    special: str
    allowed: tuple[int, ...] = (0,)
    arguments: tuple[str, ...] = ()
    act: str = ""


def make_all(folder: Path) -> Iterator[Case]:
    """Make every file of the set."""
    for maker in (_plain, _hdr, _damaged, _named, _crafted):
        yield from maker(folder)


def ffmpeg(path: Path, *arguments: str) -> Path:
    """The file that ffmpeg makes of these arguments."""
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-nostdin",
        "-hide_banner",
        "-loglevel",
        "error",
        "-y",
        *arguments,
    ]
    subprocess.run([*command, f"file:{path}"], check=True, timeout=300)
    return path


def _plain(folder: Path) -> Iterator[Case]:
    """Nothing wrong with them; each is the same video plus masks."""
    recipes: list[tuple[str, str, list[str]]] = [
        ("negative_dts.mp4", "B-frames that are decoded before time 0, without an edit list",
         [*PICTURES, *SOUND, *H264, "-bf", "3", *AAC, "-use_editlist", "0", "-movflags", "negative_cts_offsets"]),
        ("longer_than_sound.mp4", "video longer than its sound",
         [*PICTURES, *SOUND, *H264, "-af", "atrim=0:0.7", *AAC]),
        ("shorter_than_sound.mp4", "video shorter than its sound",
         [*PICTURES, *SOUND, *H264, "-frames:v", "20", *AAC]),
        ("av1.mp4", "AV1 in MP4", [*PICTURES, *SOUND, "-c:v", "libsvtav1", "-preset", "12", *AAC]),
        ("vp9.mp4", "VP9 in MP4", [*PICTURES, *SOUND, "-c:v", "libvpx-vp9", "-deadline", "realtime", *AAC]),
        ("422_10bit.mkv", "4:2:2, 10 bit", [*PICTURES, "-c:v", "libx264", "-pix_fmt", "yuv422p10le"]),
        ("12bit.mkv", "12 bit: comes out with 10", [*PICTURES, "-c:v", "libx265", "-x265-params", "log-level=error",
                                                     "-pix_fmt", "yuv420p12le"]),
        ("alpha.mov", "alpha: painted over, then opaque",
         [*PICTURES, "-vf", "format=rgba,colorchannelmixer=aa=0.5", "-c:v", "qtrle"]),
        ("wide_pixels.mp4", "anamorphic: pixels 4:3", [*PICTURES, *H264, "-vf", "setsar=4/3"]),
        ("8k.mp4", "7680x4320, 3 frames",
         ["-f", "lavfi", "-i", "testsrc2=s=7680x4320:r=30:d=0.1", "-c:v", "libx264", "-preset", "ultrafast",
          "-pix_fmt", "yuv420p"]),
        ("one_frame.mp4", "1 frame", [*PICTURES, *H264, "-frames:v", "1"]),
        ("two_frames.mp4", "2 frames", [*PICTURES, *H264, "-frames:v", "2"]),
        ("2398.mov", "23.976 frames a second, in MOV, PCM sound",
         ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=24000/1001:d=2", *SOUND, *H264, "-c:a", "pcm_s16le"]),
    ]  # fmt: skip
    for name, special, arguments in recipes:
        yield Case(ffmpeg(folder / name, *arguments), special)
    fields = [*PICTURES, "-vf", "tinterlace=interleave_top,fieldorder=tff", "-c:v", "mpeg2video"]
    path = ffmpeg(folder / "interlaced.mpg", *fields, "-flags", "+ildct+ilme")
    yield Case(path, "interlaced, with --deinterlace", arguments=("--deinterlace",))
    many = ["-f", "lavfi", "-i", "color=s=16x16:r=30:d=3334", *H264[:4], "-g", "250"]
    yield Case(ffmpeg(folder / "many.mp4", *many), "100 000 tiny frames, --dry-run", act="plan")


def _hdr(folder: Path) -> Iterator[Case]:
    """PQ and HLG; x265 writes their tags, and the mastering display and MaxCLL, into the stream."""
    display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    colour = "log-level=error:keyint=15:colorprim=bt2020:colormatrix=bt2020nc:transfer"
    encoder = [*PICTURES, *SOUND, "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le"]
    light = f"{colour}=smpte2084:master-display={display}:max-cll=1000,400"
    mastered = ffmpeg(folder / "mastered.mp4", *encoder, "-x265-params", light, *AAC)
    yield Case(mastered, "HDR10 with its mastering display and MaxCLL")
    (folder / "mastered_to_sdr.mp4").write_bytes(mastered.read_bytes())
    yield Case(folder / "mastered_to_sdr.mp4", "the same, with --tone-map", arguments=("--tone-map",))
    hlg = ffmpeg(folder / "hlg_to_sdr.mp4", *encoder, "-x265-params", f"{colour}=arib-std-b67", *AAC)
    yield Case(hlg, "HLG, with --tone-map", arguments=("--tone-map",))


def _damaged(folder: Path) -> Iterator[Case]:
    small = ffmpeg(folder / "small.ts", *PICTURES, *SOUND, *H264, *AAC)
    large = ffmpeg(
        folder / "large.ts", "-f", "lavfi", "-i", "testsrc2=s=480x270:r=30:d=2", *SOUND, *H264, *AAC,
        "-output_ts_offset", "2",
    )  # fmt: skip
    (folder / "size_changes.ts").write_bytes(small.read_bytes() + large.read_bytes())
    large.unlink()
    yield Case(folder / "size_changes.ts", "320x180 becomes 480x270: fitted to the first size", (0, 4))
    yield Case(
        _without_first_keyframe(small, folder / "no_first_keyframe.ts"), "begins behind its keyframe", (4,)
    )
    size = small.stat().st_size
    (folder / "cut_off.ts").write_bytes(small.read_bytes()[: size * 2 // 3 // 188 * 188 + 99])
    yield Case(folder / "cut_off.ts", "recording that was cut off", (4,))
    zeroed = _with_zeroed_frames(folder / "wide_pixels.mp4", folder / "zeroed.mp4", range(20, 26))
    yield Case(zeroed, "6 frames overwritten", (4,))
    (folder / "zeroed_drop.mp4").write_bytes(zeroed.read_bytes())
    yield Case(folder / "zeroed_drop.mp4", "the same, --damaged drop", (4,), ("--damaged", "drop"))
    (folder / "growing.ts").write_bytes(small.read_bytes())
    yield Case(folder / "growing.ts", "grows while it is read", (3,), act="grow")
    small.rename(folder / "locked.ts")
    yield Case(folder / "locked.ts", "the output's folder cannot be written to", (1,), act="locked")


def _without_first_keyframe(source: Path, path: Path) -> Path:
    """The packets of the source but for the first keyframe."""
    with av.open(str(source)) as before, av.open(str(path), "w") as after:
        streams = {stream.index: after.add_stream_from_template(stream) for stream in before.streams}
        cut = False
        for packet in before.demux():
            if packet.size and packet.stream.type == "video" and packet.is_keyframe and not cut:
                cut = True
            elif packet.size:
                packet.stream = streams[packet.stream.index]
                after.mux(packet)
    return path


def _with_zeroed_frames(source: Path, path: Path, frames: range) -> Path:
    """The source with these packets overwritten."""
    content = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        for packet in packets[frames.start : frames.stop]:
            content[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    path.write_bytes(content)
    return path


def _named(folder: Path) -> Iterator[Case]:
    """The same clip under names that are misread."""
    content = ffmpeg(folder / "clip.mp4", *PICTURES, *SOUND, *H264, *AAC).read_bytes()
    names = [
        ("видео 録画 فيديو 비디오.mp4", "a name in four scripts"),
        ("50%d %s %03d.mp4", "a name like a pattern"),
        ("it's \"quoted\" `date` $(date).mp4", "a name with quotes"),
        ("-y.mp4", "a name like an option"),
        ("[1-9]*{stem}?.mp4", "a name like a wildcard and a template"),
        ("two\nlines.mp4", "a name of two lines"),
        ("http:x|y.mp4", "a name like an address"),
        (os.fsdecode(b"latin\xe9.mp4"), "a name that is no UTF-8"),
    ]  # fmt: skip
    for name, special in names:
        (folder / name).write_bytes(content)
        yield Case(folder / name, special)
    (folder / "link.mp4").symlink_to(folder / "clip.mp4")
    yield Case(folder / "link.mp4", "a symbolic link")
    (folder / "dangling.mp4").symlink_to(folder / "nowhere.mp4")
    yield Case(folder / "dangling.mp4", "a link to nothing", (3,))


def _crafted(folder: Path) -> Iterator[Case]:
    """Files that ask for other files."""
    secret = folder / "clip.mp4"
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n"
    crafted = {
        "playlist_file.mp4": (playlist.format(f"file://{secret}"), "an HLS playlist of another file"),
        "playlist_address.mp4": (
            playlist.format("http://127.0.0.1:9/clip.ts"),
            "an HLS playlist of an address",
        ),
        "concat.mp4": (f"ffconcat version 1.0\nfile '{secret}'\n", "an ffconcat list of another file"),
    }
    for name, (text, special) in crafted.items():
        (folder / name).write_text(text)
        yield Case(folder / name, special, (3,))
