"""Damage to the header of an MP4 file, and to the file as a whole, for verify_damage.py."""

from __future__ import annotations

from pathlib import Path

from damage_scene import Damage, Scene, copied, rewritten, table_entry


def truncated(scene: Scene, path: Path) -> None:
    """The file without its end."""
    content = scene.made.read_bytes()
    path.write_bytes(content[: int(len(content) * scene.chance.uniform(0.3, 0.98))])


def emptied(scene: Scene, path: Path) -> None:
    """All media are zeros, as of a download that kept room for itself; the header is whole."""
    content = bytearray(scene.made.read_bytes())
    begin = content.index(b"mdat") + 4
    content[begin:] = bytes(len(content) - begin)
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


#: The boxes around a description of the video, from outside.
_DESCRIBED = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")


def inserted(what: bytes, before: bytes, around: tuple[bytes, ...]) -> Damage:
    """A box before another one in the header, the first of its name."""

    def do(scene: Scene, path: Path) -> None:
        content, added = scene.made.read_bytes(), 4 + len(what)
        at = content.index(before, content.index(b"moov")) - 4
        made = bytearray(content[:at] + added.to_bytes(4, "big") + what + content[at:])
        place = 0
        for name in around:
            place = made.index(name, place + 4)
            longer(made, place - 4, added)
        begin = content.index(b"moov")  # the media lie behind the header, farther by the box now
        while (begin := made.find(b"stco", begin)) >= 0:
            for number in range(int.from_bytes(made[begin + 8 : begin + 12], "big")):
                longer(made, begin + 12 + 4 * number, added)
            begin += 4
        path.write_bytes(made)

    return do


def longer(content: bytearray, at: int, by: int) -> None:
    """The number of 4 bytes at a place of the file, and so much more."""
    content[at : at + 4] = (int.from_bytes(content[at : at + 4], "big") + by).to_bytes(4, "big")


def described(what: bytes, *rest: int, size: int = 4, before: bytes = b"avcC") -> Damage:
    """A box of these numbers in the description of the video."""
    entry = {b"avcC": b"avc1", b"hvcC": b"hvc1"}[before]
    numbers = b"".join(number.to_bytes(size, "big") for number in rest)
    return inserted(what + numbers, before, (*_DESCRIBED, entry))


def apertured(scene: Scene, path: Path) -> None:
    """A clean aperture that cuts off a half."""
    described(b"clap", scene.width // 2, 1, scene.height, 1, 0, 1, 0, 1)(scene, path)


FAMILIES: dict[str, dict[str, Damage]] = {
    "words of the header": {
        "the header turns the video": rewritten(b"tkhd", 44, lambda old, s: (0x8000).to_bytes(4, "big"), 4),
        "the header plays faster": rewritten(b"mvhd", 24, lambda old, s: b"\0\2\0\0", 4),
        "an edit plays faster": rewritten(b"elst", 20, lambda old, s: b"\0\2\0\0", 4),
        "an edit list": rewritten(b"elst", 4 + 8 + 4, lambda old, s: (s.ticks // 5).to_bytes(4, "big"), 4),
        "the header's colours": rewritten(b"colr", 10, lambda old, s: b"\0\x10", 2),
        "the header's range": rewritten(b"colr", 14, lambda old, s: bytes([old[0] ^ 0x80]), 1),
        "the header's brand": rewritten(b"ftyp", 4, lambda old, s: b"qt  ", 4),
        "the header's pixel aspect": rewritten(b"pasp", 4, lambda old, s: (4).to_bytes(4, "big"), 4),
        "the header disables the video": rewritten(b"tkhd", 7, lambda old, s: b"\0", 1),
        "the header's level": rewritten(b"avcC", 7, lambda old, s: b"\x0a", 1),
        "the header's size": rewritten(b"avc1" + bytes(6), 28, lambda old, s: (16).to_bytes(2, "big"), 2),
        "the header's size of display": rewritten(b"tkhd", 80, lambda old, s: (16).to_bytes(2, "big"), 2),
        "a crop in the header": apertured,
        "the sound to one side": rewritten(b"smhd", 8, lambda old, s: b"\1\0", 2),
        "another kind of track": rewritten(b"hdlr", 12, lambda old, s: b"auxv", 4),
        "an alternative to other tracks": rewritten(b"tkhd", 38, lambda old, s: b"\0\1", 2),
        "a picture without colours": rewritten(b"avc1" + bytes(6), 4 + 74, lambda old, s: b"\0\x28", 2),
        "the sound's places moved by a byte": moved_sound,
        "another sample rate": rewritten(
            b"\x05\x80\x80\x80", 5, lambda old, s: bytes([old[0], old[1] ^ 0x80]), 2
        ),
        "the header's language": rewritten(b"mdhd", 24, lambda old, s: b"\x15\xc7", 2),
        "the header's clock of the video": rewritten(
            b"mdhd", 16, lambda old, s: (s.ticks * 2).to_bytes(4, "big"), 4
        ),
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
        "another kind of sound in the header": rewritten(b"\x40\x15", 0, lambda old, s: b"\x6b", 1),
        "another rate in the sound's entry": rewritten(b"mp4a\0", 28, lambda old, s: b"\x1f\x40", 2),
        "more channels in the sound's entry": rewritten(b"mp4a\0\0\0\0", 4 + 16, lambda old, s: b"\0\6", 2),
        "no channels in the sound's entry": rewritten(b"mp4a\0\0\0\0", 4 + 16, lambda old, s: b"\0\0", 2),
        "a display of HDR in the header": described(b"mdcv", *[10000] * 8, 0x98, 0x9680, 0, 1, size=2),
        "light of HDR in the header": described(b"clli", 1000, 400, size=2),
        "a second table of times": inserted(
            b"stts\0\0\0\0\0\0\0\1\0\0\0\x28\0\0\0\1", b"stts", _DESCRIBED[:5]
        ),
        "a second head of the video": inserted(
            b"tkhd\0\0\0\3" + bytes(8) + b"\0\0\0\1" + bytes(68), b"tkhd", _DESCRIBED[:2]
        ),
        "a globe around the pictures": described(b"sv3d", 8, int.from_bytes(b"junk", "big")),
        "two eyes side by side": described(b"st3d\0\0\0\0", 2, size=1),
    },
    "tables of the header": {
        "no keyframe is told": rewritten(b"stss", 0, lambda old, s: b"free", 4),
        "a frame's time in the table": table_entry(b"ctts", 5, 1, 1),
        "a length in the table": table_entry(b"stts", 0, 1, 1),
        "a packet a byte shorter": table_entry(b"stsz", 7, 0, -1),
        "the place of a chunk": table_entry(b"stco", 3, 0, 16),
    },
    "the file": {
        "truncated": truncated,
        "media gone, its length kept": emptied,
        "bytes behind the end": lambda s, path: path.write_bytes(s.made.read_bytes() + b"more"),
        "a second header behind the end": lambda s, path: path.write_bytes(
            s.made.read_bytes() + b"\0\0\0\x10moov\0\0\0\x08udta"
        ),
        "other media behind the end": lambda s, path: path.write_bytes(
            s.made.read_bytes() + b"\0\0\0\x10mdat12345678"
        ),
    },
}


#: No damage: the same video, put into its file in another way.
CONTROLS: dict[str, Damage] = {
    "none: header in front": copied(movflags="+faststart"),
    "none: with delimiters": copied(**{"bsf:v": "h264_metadata=aud=insert"}),
}
