"""Kinds of damage for verify_damage.py to an output in Matroska.

Where a word of the file is changed, the check sums are taken away, as an editor would make them anew: with them any
changed byte is told at once.
"""

from __future__ import annotations

import re
from pathlib import Path

from damage_scene import Damage, Scene, copied, packets_of

#: A check sum of 4 bytes at the beginning of a part: the part's name and length, and the check sum's.
_CHECK_SUM = re.compile(
    rb"(\x11\x4d\x9b\x74|\x15\x49\xa9\x66|\x16\x54\xae\x6b|\x10\x43\xa7\x70|\x12\x54\xc3\x67|\x1c\x53\xbb\x6b"
    rb"|\x19\x41\xa4\x69|\x1f\x43\xb6\x75)([\x80-\xff]|[\x40-\x7f].|[\x20-\x3f]..|[\x10-\x1f]...|\x01.{7})\xbf\x84",
    re.DOTALL,
)

#: The title of the first chapter with its language, and without.
_SHOWN, _SHORTER = "808c8584546f776e437c83756e64", "80868584546f776e"

#: What ffmpeg says of itself, and the room that it leaves in a track.
_APPS, _TRACK_ROOM = "4d80844c6176665741844c617666", "ec01000000000000020000"


def unsummed(content: bytes) -> bytearray:
    """The file with room in the place of its check sums."""
    return bytearray(_CHECK_SUM.sub(lambda match: match[1] + match[2] + b"\xec\x84", content))


def changed(find: str, offset: int, new: str, *, last: bool = False) -> Damage:
    """Bytes at an offset from the first or last mark `find`; both as hexadecimal numbers."""

    def do(scene: Scene, path: Path) -> None:
        content = unsummed(scene.made.read_bytes())
        mark, put = bytes.fromhex(find), bytes.fromhex(new)
        at = (content.rindex(mark) if last else content.index(mark)) + offset
        assert content[at : at + len(put)] != put
        content[at : at + len(put)] = put
        path.write_bytes(content)

    return do


def number(value: int) -> str:
    """A number of as many bytes as it needs, after its length."""
    length = (value.bit_length() + 7) // 8
    return f"{0x80 | length:02x}{value:0{2 * length}x}"


def without_sums(scene: Scene, path: Path) -> None:
    """No damage: a file may have no check sums."""
    path.write_bytes(unsummed(scene.made.read_bytes()))


def one_byte(scene: Scene, path: Path) -> None:
    """One byte anywhere behind the first thousand is another."""
    content = bytearray(scene.made.read_bytes())
    content[scene.chance.randrange(1000, len(content))] ^= 1 << scene.chance.randrange(8)
    path.write_bytes(content)


def truncated(scene: Scene, path: Path) -> None:
    """The file without its end."""
    content = scene.made.read_bytes()
    path.write_bytes(content[: int(len(content) * scene.chance.uniform(0.3, 0.98))])


def marked(number: int, flag: int) -> Damage:
    """A packet of the video, the nth in the file, has a flag that it did not have, or not the one it had."""

    def do(scene: Scene, path: Path) -> None:
        content = unsummed(scene.made.read_bytes())
        at, _ = packets_of(scene, "video")[number]  # FFmpeg tells where the block's content begins
        content[at + 3] ^= flag  # behind the number of the track and the time
        path.write_bytes(content)

    return do


#: No damage at all.
CONTROLS = {"none: copied by ffmpeg": copied(), "none: without check sums": without_sums}

FAMILIES: dict[str, dict[str, Damage]] = {
    "Matroska": {
        "a byte": one_byte,
        "truncated": truncated,
        "bytes behind the end": lambda s, path: path.write_bytes(s.made.read_bytes() + b"more"),
        "another kind of file": changed("6d6174726f736b61", 0, "7765626d00000000"),
        "the table of keyframes gone": changed("1c53bb6b", 0, "1254c367", last=True),
        "a time in the table of keyframes": changed("bb8fb38100", 4, "7f"),
        "a place in the table of keyframes": changed("f78101f1", 5, "01", last=True),
        "a place of a part": changed("53ac81", 3, "02"),
        "another width": lambda s, path: changed(f"b0{number(s.width)}", 2, "50")(s, path),
        "another height": lambda s, path: changed(f"ba{number(s.height)}", 2, "50")(s, path),
        "another level": changed("63a2", 6, "09"),
        "the length of the film": changed("448988", 3, "41"),
        "the length of a frame": changed("23e38384", 4, "7f"),
        "the delay of the sound": changed("56aa84", 4, "00"),
        "the rate of the sound": changed("b588", 2, "40bf40"),
        "channels of the sound": changed("9f81", 2, "06"),
        "the time of a cluster": changed("1f43b675", 4 + 3 + 6, "e78105"),
        "another language": changed("22b59c83", 4, "667261"),
        "also a default track": changed("888100", 2, "01"),
        "tracks exchanged": copied("v", "a:1", "a:0", "s", "t"),
        "a sound track missing": copied("v", "a:0", "s", "t"),
        "subtitles missing": copied("v", "a", "t"),
        "an attachment missing": copied("v", "a", "s"),
        "another attachment": changed("465c", 6, "58"),
        "another title": copied(metadata="title=Another"),
        "another track title": copied(**{"metadata:s:a:0": "title=Another"}),
        "another default track": copied(**{"disposition:a:0": "0", "disposition:a:1": "default"}),
        "forced subtitles": copied(**{"disposition:s:0": "default+forced"}),
        "a comment on the sound": copied(**{"disposition:a:1": "comment"}),
        "chapters removed": copied(map_chapters=-1),
        "a packet marked as a keyframe": marked(3, 0x80),
        "a keyframe not marked": marked(0, 0x80),
        "a packet marked as not to be shown": marked(3, 0x08),
        "chapters in an order of their own": changed("45db8101", 0, "45dd8101"),
        "a chapter not to be shown": changed(_SHOWN, 0, _SHORTER + "988101ec8100"),
        "a chapter not to be played": changed(_SHOWN, 0, _SHORTER + "45988100ec80"),
        "another file before it": changed(_APPS, 0, "3cb9238a" + "ab" * 10),
        "a track made of others": changed(_TRACK_ROOM, 0, "e280ec87"),
        "times twice as long": changed(_TRACK_ROOM, 0, "23314f8440000000ec81"),
        "one frame later": copied(**{"bsf:v": "setts=pts=PTS+3*eq(N\\,9)"}),
        "sound 20 ms later": copied(**{"bsf:a:0": "setts=ts=TS+20"}),
        "last frame missing": lambda s, path: copied(**{"frames:v": s.frames - 1})(s, path),
        "other words in the subtitles": changed("48656c6c6f", 0, "48616c6c6f"),
    },
}
