"""Damage to times, tracks, sound, words and tags of an output in MP4, for verify_damage.py."""

from __future__ import annotations

from pathlib import Path

from damage_scene import (
    TIMEOUT_SECONDS,
    Damage,
    Scene,
    copied,
    filtered,
    packets_of,
    rewritten,
)

from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file


def turned(scene: Scene, path: Path) -> None:
    """The output asks players to turn it."""
    source = from_file(scene.made, display_rotation=90)
    made = to_file(
        path, *(source[name] for name in scene.streams), c="copy", video_track_timescale=scene.ticks
    )
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)


def retimed_words(scene: Scene, path: Path) -> None:
    """The subtitles end at other times."""
    words = path.with_suffix(".srt")
    words.write_text("1\n00:00:00,100 --> 00:00:00,500\nHello\n\n2\n00:00:00,700 --> 00:00:01,300\nAgain\n")
    source, text = from_file(scene.made), from_file(words)
    tags = {"metadata:s:a:1": "language=kor", "metadata:s:s:0": "language=eng", "disposition:a:1": "0"}
    made = to_file(
        path, source["v"], source["a"], text["s"], c="copy", video_track_timescale=scene.ticks,
        **{"c:s": "mov_text", **tags, **scene.kept},
    )  # fmt: skip
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)


def zeroed_sound(scene: Scene, path: Path) -> None:
    """A packet of sound has its length, and no content."""
    content = bytearray(scene.made.read_bytes())
    at, size = scene.chance.choice(packets_of(scene, "audio")[3:-3])
    content[at : at + size] = bytes(size)
    path.write_bytes(content)


def silent_stretch(scene: Scene, path: Path) -> None:
    """Six packets of sound are overwritten by the shortest one, as of silence."""
    content = bytearray(scene.made.read_bytes())
    packets = packets_of(scene, "audio")
    begin, length = min(packets, key=lambda packet: packet[1])
    for at, size in packets[8:14]:
        content[at : at + size] = content[begin : begin + length].ljust(size, b"\0")[:size]
    path.write_bytes(content)


def twice_in_sound(scene: Scene, path: Path) -> None:
    """A packet of sound is overwritten by the one before, as far as there is room; one of silence may be the same."""
    content = bytearray(scene.made.read_bytes())
    pairs = [*zip(packets_of(scene, "audio")[4:-4], packets_of(scene, "audio")[5:-3], strict=True)]
    pairs = [
        pair for pair in pairs if bytes_of(content, pair[0], pair[1]) != bytes_of(content, pair[1], pair[0])
    ]
    (before, length), (at, size) = scene.chance.choice(pairs)
    room = min(length, size)
    content[at : at + room] = content[before : before + room]
    path.write_bytes(content)


def bytes_of(content: bytearray, packet: tuple[int, int], other: tuple[int, int]) -> bytes:
    """The content of a packet, as far as the other one has room for it."""
    return bytes(content[packet[0] : packet[0] + min(packet[1], other[1])])


def exchanged_in_sound(scene: Scene, path: Path) -> None:
    """Two packets of sound of one length, or nearly so, each in the place of the other."""
    content = bytearray(scene.made.read_bytes())
    packets = packets_of(scene, "audio")[4:]
    (one, size), (other, _) = min(
        (
            (one, other)
            for one in packets
            for other in packets
            if one[0] < other[0] and bytes_of(content, one, other) != bytes_of(content, other, one)
        ),
        key=lambda pair: abs(pair[0][1] - pair[1][1]),
    )
    first, second = content[one : one + size], content[other : other + size]
    content[one : one + size], content[other : other + size] = second, first
    path.write_bytes(content)


def retitled_chapter(scene: Scene, path: Path) -> None:
    """Another title of a chapter, wherever the file says it."""
    path.write_bytes(scene.made.read_bytes().replace(b"Town", b"Town"[::-1]))


def exchanged(first: bytes, second: bytes) -> Damage:
    """Two texts of the media, as long as each other, each in the other's place."""

    def do(scene: Scene, path: Path) -> None:
        content = scene.made.read_bytes().replace(first, b"\0" * len(first))
        path.write_bytes(content.replace(second, first).replace(b"\0" * len(first), second, 1))

    return do


def with_chapters(later: int, longer: int, *, more: bool = False) -> Damage:
    """The chapters begin and end at other times, in ms, or there is one more."""

    def do(scene: Scene, path: Path) -> None:
        listing = path.with_suffix(".txt")
        times = [(0, 700 + later, "Town"), (700 + later, 1400 + longer, "Country")]
        times += [(1400, 1500, "Sea")] if more else []
        chapter = "[CHAPTER]\nTIMEBASE=1/1000\nSTART={}\nEND={}\ntitle={}\n"
        listing.write_text(";FFMETADATA1\n" + "".join(chapter.format(*each) for each in times))
        source = from_file(scene.made)
        made = to_file(
            path, *(source[name] for name in scene.streams), c="copy", map_metadata=0, map_chapters=1,
            video_track_timescale=scene.ticks, **scene.kept,
        )  # fmt: skip
        made = made.global_args("-i", f"file:{listing}")
        run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)

    return do


FAMILIES: dict[str, dict[str, Damage]] = {
    "times and number of frames": {
        "every other frame later by a tick": copied(**{"bsf:v": "setts=pts=PTS+if(mod(N\\,2)\\,0\\,1)"}),
        "one frame later by a tick": filtered(lambda s: f"setpts=PTS+eq(N\\,{s.frame()})"),
        "all frames later by a tick": filtered(lambda s: "setpts=PTS+1"),
        "last frame missing": lambda s, path: copied(**{"frames:v": s.frames - 1})(s, path),
        "a frame missing": filtered(lambda s: f"select=not(eq(n\\,{s.frame()}))"),
        "another frame rate": filtered(lambda s: "fps=20"),
    },
    "size, colours and codec": {
        "another size": filtered(lambda s: f"scale={s.width // 4 * 2}:-2"),
        "another pixel aspect": filtered(lambda s: "setsar=4/3"),
        "pixel aspect in the video": copied(**{"bsf:v": "h264_metadata=sample_aspect_ratio=4/3"}),
        "colour tags in the video": copied(
            **{"bsf:v": "h264_metadata=matrix_coefficients=5:colour_primaries=5"}
        ),
        "range in the video": copied(**{"bsf:v": "h264_metadata=video_full_range_flag=1"}),
        "chroma location": copied(**{"bsf:v": "h264_metadata=chroma_sample_loc_type=3"}),
        "a crop in the pictures": copied(**{"bsf:v": "h264_metadata=crop_right=16"}),
        "another level in the pictures": copied(**{"bsf:v": "h264_metadata=level=1"}),
        "the clock in the pictures": copied(**{"bsf:v": "h264_metadata=tick_rate=10"}),
        "asks to be turned in the pictures": copied(
            **{"bsf:v": "h264_metadata=display_orientation=insert:rotate=90"}
        ),
        "another transfer in the pictures": copied(**{"bsf:v": "h264_metadata=transfer_characteristics=14"}),
        "another video format in the pictures": copied(**{"bsf:v": "h264_metadata=video_format=1"}),
        "edges to be cut off": copied(**{"bsf:v": "h264_metadata=overscan_appropriate_flag=1"}),
        "another codec tag": copied(**{"tag:v": "avc3"}),
        "asks to be turned": lambda s, path: turned(s, path),
    },
    "sound": {
        "sound 20 ms later": copied(**{"bsf:a:0": "setts=ts=TS+0.02/TB"}),
        "sound a tick later": copied(**{"bsf:a:0": "setts=ts=TS+64"}),
        "sound a packet later": copied(**{"bsf:a:0": "setts=ts=TS+1024"}),
        "a gap in the sound": copied(**{"bsf:a:0": "setts=ts=TS+if(gt(N\\,10)\\,2048\\,0)"}),
        "a packet of sound a sample later": copied(**{"bsf:a:0": "setts=ts=TS+eq(N\\,7)"}),
        "one packet of sound missing": lambda s, path: copied(
            **{"bsf:a:0": f"noise=drop=eq(n\\,{s.chance.randint(3, 30)}):amount=-1"}
        )(s, path),
        "a packet of sound twice": twice_in_sound,
        "a packet of sound zeroed": zeroed_sound,
        "the last packet of sound missing": lambda s, path: copied(
            **{"frames:a:0": len(packets_of(s, "audio")) - 1}
        )(s, path),
        "the first packet of sound missing": copied(**{"bsf:a:0": "noise=drop=eq(n\\,0):amount=-1"}),
        "two packets of sound exchanged": exchanged_in_sound,
        "the sound's channels exchanged": copied(**{"c:a:0": "aac", "filter:a:0": "pan=stereo|c0=c1|c1=c0"}),
        "the sound upside down": copied(**{"c:a:0": "aac", "filter:a:0": "volume=-1"}),
        "the other sound faster": copied(**{"bsf:a:1": "setts=ts=TS*0.999"}),
        "sound a decibel lower": copied(**{"c:a:0": "aac", "filter:a:0": "volume=-1dB"}),
        "a silent stretch": silent_stretch,
        "sound encoded anew": copied(**{"c:a:0": "aac"}),
    },
    "tracks": {
        "a sound track missing": copied("v", "a:0", "s"),
        "sound tracks exchanged": copied("v", "a:1", "a:0", "s"),
        "an extra sound track": copied("v", "a:0", "a:1", "a:1", "s"),
        "streams in another order": copied("a:0", "v", "a:1", "s"),
        "the painted video twice": copied("v", "v", "a", "s"),
        "another language": copied(**{"metadata:s:a:1": "language=deu"}),
        "another track title": copied(**{"metadata:s:a:0": "title=Another"}),
        "another default track": copied(**{"disposition:a:0": "0", "disposition:a:1": "default"}),
        "another language of the video": copied(**{"metadata:s:v:0": "language=fra"}),
        "the name of a track": rewritten(b"nameCabin", 4, lambda old, s: b"Bacin", 5),
    },
    "subtitles, chapters, tags": {
        "subtitles missing": copied("v", "a"),
        "subtitles end elsewhere": retimed_words,
        "forced subtitles": copied(**{"disposition:s:0": "default+forced"}),
        "other words in the subtitles": rewritten(b"Hello", 0, lambda old, s: b"Hallo", 5),
        "the words of two subtitles exchanged": exchanged(b"Hello", b"Again"),
        "another style of the subtitles": rewritten(b"tx3g", 4 + 8 + 4 + 2 + 4, lambda old, s: b"\x80", 1),
        "another language of the subtitles": copied(**{"metadata:s:s:0": "language=fra"}),
        "subtitles later": copied(**{"bsf:s:0": "setts=ts=TS+0.1/TB"}),
        "one subtitle missing": copied(**{"bsf:s:0": "noise=drop=eq(n\\,2):amount=-1"}),
        "the colour of the subtitles": rewritten(b"tx3g", 4 + 8 + 18 + 8, lambda old, s: b"\xff\0\0\0", 4),
        "a chapter begins later": with_chapters(100, 0),
        "a chapter ends earlier": with_chapters(0, -200),
        "a chapter more": with_chapters(0, 0, more=True),
        "chapters removed": copied(map_chapters=-1),
        "another chapter title": retitled_chapter,
        "the list of chapters": rewritten(b"\4Town", 1, lambda old, s: b"Twon", 4),
        "no track has chapters": lambda s, path: path.write_bytes(
            s.made.read_bytes().replace(b"chap", b"free")
        ),
        "another title": copied(metadata="title=Another"),
        "metadata added": copied(metadata="artist=Nobody"),
        "metadata removed": copied(map_metadata=-1),
        "the key of the title": rewritten(b"\xa9nam", 0, lambda old, s: b"\xa9cmt", 4),
        "the header's time of making": rewritten(b"mvhd", 8, lambda old, s: b"\xd0\0\0\0", 4),
    },
}
