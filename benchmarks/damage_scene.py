"""An output to damage, and ways to make a damaged copy of it, for verify_damage.py: by ffmpeg, or in its bytes."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file


@dataclass(frozen=True)
class Scene:
    """An output to damage.

    made, source : the output, and what it was made of. ticks : a second. streams : what a copy by ffmpeg takes over.
    encode : how pictures are encoded anew, as finely as matters. kept : what a copy has to be told, as ffmpeg reads it
    under another name than it writes it by. chance : the damage's own.
    """

    made: Path
    source: Path
    width: int
    height: int
    frames: int
    ticks: int
    streams: tuple[str, ...]
    encode: Mapping[str, Any]
    kept: Mapping[str, str]
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


Damage = Callable[[Scene, Path], None]

TIMEOUT_SECONDS = 300

#: The pictures encoded anew in H.264, so finely that the encoder is not what is caught.
FINE_H264 = {"c:v": "libx264", "crf": 16, "preset": "veryfast", "bf": 2}


def filtered(words: Callable[[Scene], str], **options: Any) -> Damage:
    """The pictures through a filter, encoded anew and finely; everything else copied."""

    def do(scene: Scene, path: Path) -> None:
        timed = {"fps_mode": "passthrough", "enc_time_base": f"1:{scene.ticks}"}
        copy(scene, path, **{"c": "copy", **scene.encode, "vf": words(scene), **timed, **options})

    return do


def copied(*streams: str, **options: Any) -> Damage:
    """These streams, by default all, copied by ffmpeg with options."""
    return lambda scene, path: copy(scene, path, streams, **{"c": "copy", **options})


def copy(scene: Scene, path: Path, streams: tuple[str, ...] = (), **options: Any) -> None:
    """These streams of the output, by default all but the text of the chapters, through ffmpeg.

    A track's title, which ffmpeg reads under another name than it writes it by, stays where its track stays.
    """
    source = from_file(scene.made)
    kept = {} if streams else scene.kept
    timed = {} if path.suffix == ".mkv" else {"video_track_timescale": scene.ticks}
    made = to_file(path, *(source[name] for name in streams or scene.streams), **{**timed, **kept, **options})
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)


def rewritten(find: bytes, offset: int, change: Callable[[bytes, Scene], bytes], size: int) -> Damage:
    """Bytes of the file behind the first mark `find`, changed in place."""

    def do(scene: Scene, path: Path) -> None:
        content = bytearray(scene.made.read_bytes())
        at = content.index(find) + offset
        content[at : at + size] = change(bytes(content[at : at + size]), scene)
        path.write_bytes(content)

    return do


def packets_of(scene: Scene, kind: str) -> list[tuple[int, int]]:
    """Where the packets of the first track of a kind lie, and their lengths."""
    import av

    with av.open(str(scene.made)) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [(packet.pos or 0, packet.size) for packet in container.demux(stream) if packet.size]


def table_entry(box: bytes, row: int, column: int, add: int) -> Damage:
    """A number of 4 bytes in a table of the header, larger or smaller."""

    def change(old: bytes, scene: Scene) -> bytes:
        del scene
        return (int.from_bytes(old, "big") + add).to_bytes(4, "big")

    width = {b"stsz": 4, b"stco": 4}.get(box, 8)
    head = 16 if box == b"stsz" else 12
    return rewritten(box, head + width * row + 4 * column, change, 4)
