"""Kinds of damage for verify_damage.py: each makes a damaged copy of an output, by ffmpeg or in its bytes."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.video.ffmpeg import from_file, run_ffmpeg, to_file

TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Scene:
    """An output to damage: its size, frames and ticks a second, and a source of chance."""

    made: Path
    width: int
    height: int
    frames: int
    ticks: int
    chance: random.Random

    def frame(self) -> int:
        """A frame that is neither the first nor the last."""
        return self.chance.randrange(2, self.frames - 2)

    def small_box(self) -> tuple[int, int, int, int]:
        """24x8 px, as cells lie."""
        left, top = self.chance.randrange(self.width // 8 - 3), self.chance.randrange(self.height // 8)
        return 8 * left, 8 * top, 24, 8

    def most_detailed(
        self, make: Callable[[], tuple[int, int, int, int]], tries: int
    ) -> tuple[int, int, int, int]:
        """The box of so many that varies most inside: a blur has to have something to take away."""
        import av

        with av.open(str(self.made)) as container:
            luma = next(container.decode(video=0)).to_ndarray(format="gray").astype(float)

        def varies(box: tuple[int, int, int, int]) -> float:
            left, top, width, height = box
            inner = luma[top : top + height, left : left + width]
            return float(abs(inner[:, 1:] - inner[:, :-1]).mean())

        return max((make() for _ in range(tries)), key=varies)

    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width, height in even px: from a twelfth to a quarter of each side."""
        width, height = (2 * (side // self.chance.randint(8, 24)) for side in (self.width, self.height))
        left = 2 * self.chance.randrange((self.width - width) // 2)
        top = 2 * self.chance.randrange((self.height - height) // 2)
        return left, top, width, height


#: ffmpeg reads a track's title under another name than it writes it by.
KEPT = {"metadata:s:a:0": "title=Cabin"}

#: No damage at all.
CONTROL = "none: copied by ffmpeg"

Damage = Callable[[Scene, Path], None]


def filtered(words: Callable[[Scene], str], **options: Any) -> Damage:
    """The pictures through a filter, encoded anew and finely; everything else copied."""

    def do(scene: Scene, path: Path) -> None:
        asked = {
            "c": "copy", "c:v": "libx264", "crf": 16, "preset": "veryfast", "bf": 2, "vf": words(scene),
            "fps_mode": "passthrough", "enc_time_base": f"1:{scene.ticks}", **options,
        }  # fmt: skip
        copy(scene, path, **asked)

    return do


def copied(**options: Any) -> Damage:
    """Everything copied by ffmpeg with these options."""
    return lambda scene, path: copy(scene, path, **{"c": "copy", **options})


def copy(scene: Scene, path: Path, **options: Any) -> None:
    """The streams of the output, but for the text of the chapters, through ffmpeg."""
    source = from_file(scene.made)
    streams = [source[name] for name in ("v", "a", "s")]
    made = to_file(path, *streams, **{"video_track_timescale": scene.ticks, **KEPT, **options})
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)


def arranged(order: tuple[str, ...], **options: Any) -> Damage:
    """These streams of the output in this order."""

    def do(scene: Scene, path: Path) -> None:
        source = from_file(scene.made)
        made = to_file(
            path, *(source[name] for name in order), c="copy", video_track_timescale=scene.ticks, **options
        )
        run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)

    return do


def shuffled(order: Callable[[Scene], list[int]]) -> Damage:
    """The frames in another order, at the old times."""
    return filtered(lambda scene: f"shuffleframes={' '.join(map(str, order(scene)))}")


def in_box(what: Callable[[Scene], str], *, detailed: bool = False) -> Damage:
    """A filter over a part of every frame; detailed : one with something in it."""

    def words(scene: Scene) -> str:
        left, top, width, height = scene.most_detailed(scene.box, 12) if detailed else scene.box()
        inner = f"[b]crop={width}:{height}:{left}:{top},{what(scene)}[c]"
        return f"split[a][b];{inner};[a][c]overlay={left}:{top}:format=auto"

    return filtered(words)


def painted(scene: Scene, when: str = "1") -> str:
    """A filled box of any colour."""
    left, top, width, height = scene.box()
    colour = f"0x{scene.chance.randrange(1 << 24):06x}"
    return f"drawbox=x={left}:y={top}:w={width}:h={height}:t=fill:color={colour}:enable='{when}'"


def swapped_frames(scene: Scene) -> list[int]:
    """Two frames that follow each other, exchanged."""
    order, at = list(range(scene.frames)), scene.frame()
    order[at], order[at + 1] = order[at + 1], order[at]
    return order


def repeated_frame(scene: Scene) -> list[int]:
    """A frame twice, the next one not at all."""
    order, at = list(range(scene.frames)), scene.frame()
    order[at + 1] = order[at]
    return order


def frozen(scene: Scene) -> list[int]:
    """A frame held for a while."""
    order, at = list(range(scene.frames)), scene.frame()
    stop = min(at + scene.chance.randint(4, 12), scene.frames)
    order[at:stop] = [at] * (stop - at)
    return order


def rewritten(find: bytes, offset: int, change: Callable[[bytes, Scene], bytes], size: int) -> Damage:
    """Bytes of the file behind the first mark `find`, changed in place."""

    def do(scene: Scene, path: Path) -> None:
        content = bytearray(scene.made.read_bytes())
        at = content.index(find) + offset
        content[at : at + size] = change(bytes(content[at : at + size]), scene)
        path.write_bytes(content)

    return do


def truncated(scene: Scene, path: Path) -> None:
    """The file without its end."""
    content = scene.made.read_bytes()
    path.write_bytes(content[: int(len(content) * scene.chance.uniform(0.3, 0.98))])


def flipped(scene: Scene, path: Path) -> None:
    """Some bytes of one video packet are others."""
    import av

    content = bytearray(scene.made.read_bytes())
    with av.open(str(scene.made)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size > 400]
        at = scene.chance.choice(packets)
        for _ in range(20):
            content[(at.pos or 0) + scene.chance.randrange(20, at.size)] ^= scene.chance.randrange(1, 256)
    path.write_bytes(content)


def retimed_words(scene: Scene, path: Path) -> None:
    """The subtitles end at other times."""
    words = path.with_suffix(".srt")
    words.write_text("1\n00:00:00,100 --> 00:00:00,500\nHello\n\n2\n00:00:00,700 --> 00:00:01,300\nAgain\n")
    source, text = from_file(scene.made), from_file(words)
    made = to_file(path, source["v"], source["a"], text["s"], **RICH_COPY, video_track_timescale=scene.ticks)
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)


RICH_COPY = {
    "c": "copy", "c:s": "mov_text", "metadata:s:a:1": "language=kor", "metadata:s:s:0": "language=eng",
    "disposition:a:1": "0",
}  # fmt: skip


def chapters() -> str:
    """Two chapters, as ffmpeg reads them."""
    head = ";FFMETADATA1\ntitle=A drive\ncomment=Night\n"
    one = "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=700\ntitle=Town\n"
    return f"{head}{one}[CHAPTER]\nTIMEBASE=1/1000\nSTART=700\nEND=1400\ntitle=Country\n"


def some(low: float, high: float) -> Callable[[Scene], float]:
    """A number from `low` to `high`, to either side."""
    return lambda scene: scene.chance.choice((-1, 1)) * scene.chance.uniform(low, high)


def without_masks(scene: Scene, path: Path) -> None:
    """The pictures of the source, and the rest of the output."""
    source, rest = from_file(scene.made.with_name("source.mp4")), from_file(scene.made)
    made = to_file(
        path, source["v:0"], rest["a"], rest["s"], c="copy", video_track_timescale=scene.ticks, **KEPT
    )
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)


def packets_of(scene: Scene, kind: str) -> list[tuple[int, int]]:
    """Where the packets of the first track of a kind lie, and their lengths."""
    import av

    with av.open(str(scene.made)) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [(packet.pos or 0, packet.size) for packet in container.demux(stream) if packet.size]


def zeroed_sound(scene: Scene, path: Path) -> None:
    """A packet of sound has its length, and no content."""
    content = bytearray(scene.made.read_bytes())
    at, size = scene.chance.choice(packets_of(scene, "audio")[3:-3])
    content[at : at + size] = bytes(size)
    path.write_bytes(content)


def emptied(scene: Scene, path: Path) -> None:
    """All media are zeros, as of a download that kept room for itself; the header is whole."""
    content = bytearray(scene.made.read_bytes())
    begin = content.index(b"mdat") + 4
    content[begin:] = bytes(len(content) - begin)
    path.write_bytes(content)


def doubled_packet(scene: Scene, path: Path) -> None:
    """A packet of the video is overwritten by the one before, as far as there is room."""
    content = bytearray(scene.made.read_bytes())
    packets = packets_of(scene, "video")
    number = scene.frame()
    (before, length), (at, size) = packets[number - 1], packets[number]
    room = min(length, size)
    content[at : at + room] = content[before : before + room]
    path.write_bytes(content)


def moved_sound(scene: Scene, path: Path) -> None:
    """The header looks for each chunk of the first sound track a byte too late."""
    content = bytearray(scene.made.read_bytes())
    at = content.index(b"stco", content.index(b"smhd"))
    for number in range(int.from_bytes(content[at + 8 : at + 12], "big")):
        place = at + 12 + 4 * number
        content[place : place + 4] = (int.from_bytes(content[place : place + 4], "big") + 1).to_bytes(
            4, "big"
        )
    path.write_bytes(content)


def retitled_chapter(scene: Scene, path: Path) -> None:
    """Another title of a chapter, wherever the file says it."""
    path.write_bytes(scene.made.read_bytes().replace(b"Town", b"Town"[::-1]))


def apertured(scene: Scene, path: Path) -> None:
    """A clean aperture that cuts off a half, in the place of the box of pixel aspects or of bitrates."""
    content = scene.made.read_bytes()
    numbers = [scene.width // 2, 1, scene.height, 1, 0, 1, 0, 1]
    box = (40).to_bytes(4, "big") + b"clap" + b"".join(number.to_bytes(4, "big") for number in numbers)
    at = content.index(b"avcC") - 4
    made = bytearray(content[:at] + box + content[at:])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"):
        place = made.index(name, content.index(b"moov")) - 4
        made[place : place + 4] = (int.from_bytes(made[place : place + 4], "big") + 40).to_bytes(4, "big")
    begin = 0  # the media lie behind the header, 40 bytes farther now
    while (begin := made.find(b"stco", begin)) >= 0:
        for number in range(int.from_bytes(made[begin + 8 : begin + 12], "big")):
            place = begin + 12 + 4 * number
            made[place : place + 4] = (int.from_bytes(made[place : place + 4], "big") + 40).to_bytes(4, "big")
        begin += 4
    path.write_bytes(made)


def exchanged(first: bytes, second: bytes) -> Damage:
    """Two texts of the media, as long as each other, each in the other's place."""

    def do(scene: Scene, path: Path) -> None:
        content = scene.made.read_bytes().replace(first, b"\0" * len(first))
        path.write_bytes(content.replace(second, first).replace(b"\0" * len(first), second, 1))

    return do


def table_entry(box: bytes, row: int, column: int, add: int) -> Damage:
    """A number of 4 bytes in a table of the header, larger or smaller."""

    def change(old: bytes, scene: Scene) -> bytes:
        del scene
        return (int.from_bytes(old, "big") + add).to_bytes(4, "big")

    width = {b"stsz": 4, b"stco": 4}.get(box, 8)
    head = 16 if box == b"stsz" else 12
    return rewritten(box, head + width * row + 4 * column, change, 4)


def twice_in_sound(scene: Scene, path: Path) -> None:
    """A packet of sound is overwritten by the one before, as far as there is room."""
    content = bytearray(scene.made.read_bytes())
    packets = packets_of(scene, "audio")
    number = scene.chance.randrange(4, len(packets) - 4)
    (before, length), (at, size) = packets[number - 1], packets[number]
    room = min(length, size)
    content[at : at + room] = content[before : before + room]
    path.write_bytes(content)


def laid_over(what: str) -> Damage:
    """One frame through a filter."""
    return filtered(
        lambda s: f"split[a][b];[b]{what}[c];[a][c]overlay=format=auto:enable='eq(n,{s.frame()})'"
    )


def far_exchanged(scene: Scene) -> list[int]:
    """Two frames far from each other, exchanged."""
    order, at = list(range(scene.frames)), scene.frame()
    other = (at + scene.frames // 2) % scene.frames
    order[at], order[other] = order[other], order[at]
    return order


KINDS: dict[str, Damage] = {
    CONTROL: copied(),
    "one frame black": filtered(lambda s: f"drawbox=t=fill:color=black:enable='eq(n,{s.frame()})'"),
    "one frame grey": filtered(lambda s: f"hue=s=0:enable='eq(n,{s.frame()})'"),
    "two frames swapped": shuffled(swapped_frames),
    "a frame twice, the next gone": shuffled(repeated_frame),
    "a frame held": shuffled(frozen),
    "a region painted over in every frame": filtered(painted),
    "a region painted over in one frame": filtered(lambda s: painted(s, f"eq(n,{s.frame()})")),
    "a faint logo": filtered(lambda s: painted(s).replace(":enable", "@0.3:enable")),
    "all colour gone": filtered(lambda s: "hue=s=0"),
    "U and V exchanged": filtered(lambda s: "swapuv"),
    "another hue": filtered(lambda s: f"hue=h={some(8, 40)(s):.0f}"),
    "another saturation": filtered(lambda s: f"hue=s={s.chance.choice((0.5, 0.8, 1.25, 1.6))}"),
    "brighter or darker": filtered(lambda s: f"eq=brightness={some(0.01, 0.08)(s):.3f}"),
    "another gamma": filtered(lambda s: f"eq=gamma={s.chance.choice((0.8, 0.93, 1.08, 1.3))}"),
    "another contrast": filtered(lambda s: f"eq=contrast={s.chance.choice((0.8, 0.93, 1.08, 1.2))}"),
    "negative": filtered(lambda s: "negate"),
    "a region of another hue": in_box(lambda s: f"hue=h={some(20, 90)(s):.0f}"),
    "a region of another brightness": in_box(lambda s: f"eq=brightness={some(0.05, 0.2)(s):.3f}"),
    "a region blurred": in_box(lambda s: f"gblur=sigma={s.chance.uniform(2, 8):.1f}", detailed=True),
    "a place of 24x8 px blurred": filtered(
        lambda s: "split[a][b];[b]crop=24:8:{0}:{1},gblur=sigma=3[c];[a][c]overlay={0}:{1}".format(
            *s.most_detailed(s.small_box, 200)
        )
    ),
    "a checker of two levels": filtered(
        lambda s: "geq=lum='lum(X,Y)+if(mod(X+Y,2),2,-2)':cb='cb(X,Y)':cr='cr(X,Y)'"
    ),
    "a region in large pixels": in_box(lambda s: "pixelize=w=16:h=16"),
    "a region mirrored": in_box(lambda s: "hflip"),
    "blurred": filtered(lambda s: f"gblur=sigma={s.chance.uniform(1.2, 4):.1f}"),
    "sharpened": filtered(lambda s: "unsharp=5:5:1.5"),
    "noise": filtered(lambda s: f"noise=alls={s.chance.randint(12, 30)}:allf=t"),
    "low bitrate": filtered(lambda s: "null", **{"crf": 42}),
    "mirrored": filtered(lambda s: "hflip"),
    "upside down": filtered(lambda s: "vflip"),
    "turned by a degree": filtered(lambda s: f"rotate={some(0.5, 2)(s):.2f}*PI/180"),
    "moved by a few pixels": filtered(lambda s: f"scroll=hpos={s.chance.choice((2, 4, 8)) / s.width}"),
    "cropped and scaled back": filtered(lambda s: f"crop=iw*0.96:ih*0.96,scale={s.width}:{s.height}"),
    "another size": filtered(lambda s: f"scale={s.width // 4 * 2}:-2"),
    "another pixel aspect": filtered(lambda s: "setsar=4/3"),
    "chroma moved by two pixels": filtered(lambda s: "chromashift=cbh=1:crh=1"),
    "a small block in one frame": filtered(
        lambda s: f"drawbox=x=96:y=96:w=16:h=16:t=fill:color=gray:enable='eq(n,{s.frame()})'"
    ),
    "three levels brighter": filtered(lambda s: "lutyuv=y=val+3"),
    "one frame three levels brighter": filtered(lambda s: f"lutyuv=y=val+3:enable='eq(n,{s.frame()})'"),
    "the last row black": filtered(lambda s: f"drawbox=x=0:y={s.height - 2}:w=iw:h=2:t=fill:color=black"),
    "chroma of half the size": filtered(
        lambda s: "split=2[a][b];[b]scale=iw/4:ih/4,scale=iw*4:ih*4[c];[a][c]mergeplanes=0x001112:yuv420p"
    ),
    "two frames mixed": filtered(lambda s: f"tmix=frames=2:enable='eq(n,{s.frame()})'"),
    "median filter": filtered(lambda s: "median=radius=2:planes=1"),
    "every other frame later by a tick": copied(**{"bsf:v": "setts=pts=PTS+if(mod(N\\,2)\\,0\\,1)"}),
    "sound 20 ms later": copied(**{"bsf:a:0": "setts=ts=TS+0.02/TB"}),
    "sound a decibel lower": copied(**{"c:a:0": "aac", "filter:a:0": "volume=-1dB"}),
    "another language of the video": copied(**{"metadata:s:v:0": "language=fra"}),
    "the header turns the video": rewritten(b"tkhd", 44, lambda old, s: (0x8000).to_bytes(4, "big"), 4),
    "the header plays faster": rewritten(b"mvhd", 24, lambda old, s: b"\0\2\0\0", 4),
    "an edit plays faster": rewritten(b"elst", 20, lambda old, s: b"\0\2\0\0", 4),
    "the header's colours": rewritten(b"colr", 10, lambda old, s: b"\0\x10", 2),
    "one frame later by a tick": filtered(lambda s: f"setpts=PTS+eq(N\\,{s.frame()})"),
    "all frames later by a tick": filtered(lambda s: "setpts=PTS+1"),
    "last frame missing": lambda s, path: copy(s, path, c="copy", **{"frames:v": s.frames - 1}),
    "a frame missing": filtered(lambda s: f"select=not(eq(n\\,{s.frame()}))"),
    "another frame rate": filtered(lambda s: "fps=20"),
    "one packet of sound missing": lambda s, path: copy(
        s, path, c="copy", **{"bsf:a:0": f"noise=drop=eq(n\\,{s.chance.randint(3, 30)}):amount=-1"}
    ),
    "sound encoded anew": copied(**{"c:a:0": "aac"}),
    "sound a tick later": copied(**{"bsf:a:0": "setts=ts=TS+64"}),
    "a sound track missing": arranged(("v", "a:0", "s")),
    "sound tracks exchanged": arranged(("v", "a:1", "a:0", "s")),
    "an extra sound track": arranged(("v", "a:0", "a:1", "a:1", "s")),
    "streams in another order": arranged(("a:0", "v", "a:1", "s")),
    "subtitles missing": arranged(("v", "a")),
    "subtitles end elsewhere": retimed_words,
    "another language": copied(**{"metadata:s:a:1": "language=deu"}),
    "another track title": copied(**{"metadata:s:a:0": "title=Another"}),
    "another default track": copied(**{"disposition:a:0": "0", "disposition:a:1": "default"}),
    "forced subtitles": copied(**{"disposition:s:0": "default+forced"}),
    "another title": copied(metadata="title=Another"),
    "metadata added": copied(metadata="artist=Nobody"),
    "metadata removed": copied(map_metadata=-1),
    "chapters removed": copied(map_chapters=-1),
    "another codec tag": copied(**{"tag:v": "avc3"}),
    "colour tags in the video": copied(**{"bsf:v": "h264_metadata=matrix_coefficients=5:colour_primaries=5"}),
    "range in the video": copied(**{"bsf:v": "h264_metadata=video_full_range_flag=1"}),
    "chroma location": copied(**{"bsf:v": "h264_metadata=chroma_sample_loc_type=3"}),
    "pixel aspect in the video": copied(**{"bsf:v": "h264_metadata=sample_aspect_ratio=4/3"}),
    "asks to be turned": lambda s, path: turned(s, path),
    "another sample rate": rewritten(
        b"\x05\x80\x80\x80", 5, lambda old, s: bytes([old[0], old[1] ^ 0x80]), 2
    ),
    "an edit list": rewritten(b"elst", 4 + 8 + 4, lambda old, s: (s.ticks // 5).to_bytes(4, "big"), 4),
    "truncated": truncated,
    "bytes of a packet": flipped,
    "one frame two levels darker": filtered(lambda s: f"lutyuv=y=val-2:enable='eq(n,{s.frame()})'"),
    "one frame of another hue": filtered(lambda s: f"hue=h=30:enable='eq(n,{s.frame()})'"),
    "a macroblock four pixels aside in one frame": filtered(
        lambda s: "split[a][b];[b]crop=16:16:{0}:{1}[c];[a][c]overlay={0}+4:{1}:enable='eq(n,{2})'".format(
            *s.most_detailed(s.small_box, 200)[:2], s.frame()
        )
    ),
    "the first frame black": filtered(lambda s: "drawbox=t=fill:color=black:enable='eq(n,0)'"),
    "the last frame black": filtered(lambda s: f"drawbox=t=fill:color=black:enable='eq(n,{s.frames - 1})'"),
    "the last two frames swapped": shuffled(lambda s: [*range(s.frames - 2), s.frames - 1, s.frames - 2]),
    "darker towards the end": filtered(lambda s: f"fade=out:{s.frames - 8}:16"),
    "the source's pictures, without a mask": without_masks,
    "a tint like a mask where none is": filtered(lambda s: painted(s).replace(":enable", "@0.45:enable")),
    "a tint like a mask in one frame": filtered(
        lambda s: painted(s, f"eq(n,{s.frame()})").replace(":enable", "@0.45:enable")
    ),
    "sound a packet later": copied(**{"bsf:a:0": "setts=ts=TS+1024"}),
    "a packet of sound zeroed": zeroed_sound,
    "the sound's places moved by a byte": moved_sound,
    "another chapter title": retitled_chapter,
    "other words in the subtitles": rewritten(b"Hello", 0, lambda old, s: b"Hallo", 5),
    "another language of the subtitles": copied(**{"metadata:s:s:0": "language=fra"}),
    "the painted video twice": arranged(("v", "v", "a", "s")),
    "the header's brand": rewritten(b"ftyp", 4, lambda old, s: b"qt  ", 4),
    "the header's pixel aspect": rewritten(b"pasp", 4, lambda old, s: (4).to_bytes(4, "big"), 4),
    "the header disables the video": rewritten(b"tkhd", 7, lambda old, s: b"\0", 1),
    "the header's level": rewritten(b"avcC", 7, lambda old, s: b"\x0a", 1),
    "the header's size": rewritten(b"avc1", 28, lambda old, s: (16).to_bytes(2, "big"), 2),
    "the header's size of display": rewritten(b"tkhd", 80, lambda old, s: (16).to_bytes(2, "big"), 2),
    "the header's time of making": rewritten(b"mvhd", 8, lambda old, s: b"\xd0\0\0\0", 4),
    "a crop in the header": apertured,
    "the sound to one side": rewritten(b"smhd", 8, lambda old, s: b"\1\0", 2),
    "no keyframe is told": rewritten(b"stss", 0, lambda old, s: b"free", 4),
    "media gone, its length kept": emptied,
    "a frame's packet twice": doubled_packet,
    "bytes behind the end": lambda s, path: path.write_bytes(s.made.read_bytes() + b"more"),
    "a line of a pixel in every frame": filtered(
        lambda s: f"drawbox=x=0:y={s.chance.randrange(4, s.height - 4)}:w=iw:h=1:t=fill:color=white@0.5"
    ),
    "the last columns smeared": filtered(lambda s: "fillborders=right=4:mode=smear"),
    "two far frames exchanged": shuffled(far_exchanged),
    "the first frame twice, the last gone": shuffled(lambda s: [0, *range(s.frames - 1)]),
    "backwards": shuffled(lambda s: list(range(s.frames))[::-1]),
    "one frame mirrored": laid_over("hflip"),
    "one frame a pixel aside": laid_over("crop=iw-2:ih:2:0,pad=iw+2:ih:0:0"),
    "one frame blurred": laid_over("gblur=sigma=2"),
    "a place without colour in one frame": filtered(
        lambda s: (
            "split[a][b];[b]crop={2}:{3}:{0}:{1},hue=s=0[c];[a][c]overlay={0}:{1}:enable='eq(n,{4})'".format(
                *s.box(), s.frame()
            )
        )
    ),
    "denoised": filtered(lambda s: "hqdn3d=6"),
    "each frame mixed with the one before": filtered(lambda s: "tmix=frames=2:weights='1 3'"),
    "BT.601's numbers": filtered(lambda s: "colormatrix=bt709:bt601"),
    "squeezed to limited range": filtered(lambda s: "lutyuv=y=16+val*219/255:u=128+(val-128)*224/255"),
    "a drift of brightness": filtered(lambda s: f"eq=brightness='0.06*n/{s.frames}':eval=frame"),
    "darker in the corners": filtered(lambda s: "vignette=PI/8"),
    "64 levels": filtered(lambda s: "lutyuv=y='bitand(val,252)'"),
    "rows exchanged in pairs": filtered(lambda s: "il=ls=1:cs=1"),
    "a gap in the sound": copied(**{"bsf:a:0": "setts=ts=TS+if(gt(N\\,10)\\,2048\\,0)"}),
    "a packet of sound a sample later": copied(**{"bsf:a:0": "setts=ts=TS+eq(N\\,7)"}),
    "a packet of sound twice": twice_in_sound,
    "the words of two subtitles exchanged": exchanged(b"Hello", b"Again"),
    "another style of the subtitles": rewritten(b"tx3g", 4 + 8 + 4 + 2 + 4, lambda old, s: b"\x80", 1),
    "a crop in the pictures": copied(**{"bsf:v": "h264_metadata=crop_right=16"}),
    "another level in the pictures": copied(**{"bsf:v": "h264_metadata=level=1"}),
    "a frame's time in the table": table_entry(b"ctts", 5, 1, 1),
    "a length in the table": table_entry(b"stts", 0, 1, 1),
    "a packet a byte shorter": table_entry(b"stsz", 7, 0, -1),
    "the place of a chunk": table_entry(b"stco", 3, 0, 16),
    "the header's language": rewritten(b"mdhd", 24, lambda old, s: b"\x15\xc7", 2),
    "the header's clock of the video": rewritten(
        b"mdhd", 16, lambda old, s: (s.ticks * 2).to_bytes(4, "big"), 4
    ),
    "the header's range": rewritten(b"colr", 14, lambda old, s: bytes([old[0] ^ 0x80]), 1),
    "the film's length": rewritten(b"mvhd", 20, lambda old, s: b"\0\x7f", 2),
    "the track's length": rewritten(b"tkhd", 24, lambda old, s: b"\0\x7f", 2),
    "the media's length": rewritten(b"mdhd", 20, lambda old, s: b"\0\x7f", 2),
    "the edit's length": rewritten(
        b"elst", 12, lambda old, s: (int.from_bytes(old, "big") // 2).to_bytes(4, "big"), 4
    ),
    "a layer over other tracks": rewritten(b"tkhd", 36, lambda old, s: b"\0\1", 2),
    "the video does not belong to the film": rewritten(b"tkhd", 7, lambda old, s: b"\1", 1),
    "the video is mixed with others": rewritten(b"vmhd", 8, lambda old, s: b"\0\x20", 2),
    "the media lie in another file": rewritten(b"url ", 7, lambda old, s: b"\0", 1),
    "the list of chapters": rewritten(b"\4Town", 1, lambda old, s: b"Twon", 4),
    "no track has chapters": lambda s, path: path.write_bytes(s.made.read_bytes().replace(b"chap", b"free")),
    "the key of the title": rewritten(b"\xa9nam", 0, lambda old, s: b"\xa9cmt", 4),
    "the name of a track": rewritten(b"nameCabin", 4, lambda old, s: b"Bacin", 5),
    "another kind of sound in the header": rewritten(b"\x40\x15", 0, lambda old, s: b"\x6b", 1),
    "another rate in the sound's entry": rewritten(b"mp4a\0", 28, lambda old, s: b"\x1f\x40", 2),
    "a second header behind the end": lambda s, path: path.write_bytes(
        s.made.read_bytes() + b"\0\0\0\x10moov\0\0\0\x08udta"
    ),
    "other media behind the end": lambda s, path: path.write_bytes(
        s.made.read_bytes() + b"\0\0\0\x10mdat12345678"
    ),
}


def turned(scene: Scene, path: Path) -> None:
    """The output asks players to turn it."""
    source = from_file(scene.made, display_rotation=90)
    made = to_file(
        path, *(source[name] for name in ("v", "a", "s")), c="copy", video_track_timescale=scene.ticks
    )
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)
