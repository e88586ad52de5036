"""A folder of frames as one QuickTime file: a header made here, and behind it the pictures' own bytes, end to end.

So whatever reads videos reads it, decodes any stretch of it, and knows it by its hash.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from pipeline.errors import InputError, SegVideoError, UsageError
from pipeline.storage.jpeg_end import ends_too_soon
from pipeline.storage.objects import ObjectFacts, ReadOnlyFile
from pipeline.structures.address import FrameFolder

#: QuickTime's names for the pictures that it holds as they are, by Pillow's; MPO is JPEG with more behind it.
_TAGS = {"JPEG": b"jpeg", "MPO": b"jpeg", "PNG": b"png ", "TIFF": b"tiff"}

_ENDINGS = frozenset((".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff"))

_DIGITS = re.compile(r"(\d+)")

#: The matrix that leaves a picture as it lies.
_UNTURNED = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


class _Kind(NamedTuple):
    tag: bytes
    width: int
    height: int


def frames_of(place: FrameFolder) -> list[Path]:
    """The frames, in the order of their numbers, so that 10 comes behind 9.

    Raises InputError where the folder cannot be read or has none, UsageError where it holds more than one film.
    """
    try:
        names = [entry.name for entry in os.scandir(place.folder) if entry.is_file()]
    except OSError as error:
        raise InputError(
            f"{place.folder} cannot be read as frames.", found=error.strerror or str(error)
        ) from error
    names = sorted((name for name in names if Path(name).suffix.lower() in _ENDINGS), key=_order)
    films = {_DIGITS.sub("#", Path(name).stem): name for name in reversed(names)}
    if not films:
        raise InputError(
            f"{place.folder} holds no frames.", do=f"name a folder of {', '.join(sorted(_ENDINGS))}"
        )
    if len(films) > 1:
        raise UsageError(
            f"{place.folder} holds the frames of more than one film.",
            found=", ".join(sorted(films.values())[:3]),
            do="give each film a folder of its own",
        )
    return [place.folder / name for name in names]


def check_alike(place: FrameFolder) -> None:
    """Raise InputError for a frame that is no picture, UsageError for one of another kind or size than the first."""
    first, *others = frames_of(place)
    kind = _kind_of(first)
    for other in others:
        found = _kind_of(other)
        if found != kind:
            raise UsageError(
                f"{other} is not like {first.name}, and a film has frames of one kind and size.",
                found=f"{_in_words(found)} behind {_in_words(kind)}",
                do="make them alike, or segment them as pictures, without --frames-as-video",
            )


def gaps_in(place: FrameFolder) -> list[tuple[str, str]]:
    """The frames before and behind each gap in the numbers; none where these follow no step, as times do."""
    names = [path.name for path in frames_of(place)]
    numbers = [[int(digits) for digits in _DIGITS.findall(name)] for name in names]
    running = [column for column in zip(*numbers, strict=True) if len(set(column)) > 1]
    if len(running) != 1 or len(names) < 3:
        return []
    steps = [after - before for before, after in pairwise(running[0])]
    usual = int(median(steps))
    if any(step % max(usual, 1) for step in steps):
        return []
    return [ends for ends, step in zip(pairwise(names), steps, strict=True) if step > usual]


def torn_frames(place: FrameFolder) -> list[str]:
    """A sentence on each JPEG that ends too soon: FFmpeg takes it for whole, and paints the rest grey."""
    return [f"{path.name} ends before its picture does" for path in frames_of(place) if ends_too_soon(path)]


def film_facts(place: FrameFolder) -> ObjectFacts:
    """Size of the film, and a tag that is another one whenever a frame came, went or was written to."""
    layout = _Layout.of(place)
    mark = hashlib.sha256(repr((str(place.rate), layout.stamps)).encode())
    return ObjectFacts(layout.size, mark.hexdigest())


class FrameFilm(ReadOnlyFile):
    """The film as a file that is open for reading.

    failure : the error that a read has raised, as ObjectFile has it.
    """

    def __init__(self, place: FrameFolder) -> None:
        self._layout = _Layout.of(place)
        super().__init__(self._layout.size)
        self._open: tuple[int, io.BufferedReader] | None = None

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as one frame goes; 0 at the end. Raises InputError for a frame that went away."""
        layout = self._layout
        if self._place >= layout.size:
            return 0
        number = bisect_right(layout.starts, self._place) - 1
        try:
            found = self._header(buffer) if number < 0 else self._frame(number, buffer)
        except SegVideoError as error:
            self.failure = error
            raise
        self._place += found
        return found

    def close(self) -> None:
        """Close the frame that was read last."""
        if self._open is not None:
            self._open[1].close()
        super().close()

    def _header(self, buffer: Any) -> int:
        part = self._layout.header[self._place : self._place + len(buffer)]
        buffer[: len(part)] = part
        return len(part)

    def _frame(self, number: int, buffer: Any) -> int:
        path, start = self._layout.paths[number], self._layout.starts[number]
        wanted = min(len(buffer), start + self._layout.sizes[number] - self._place)
        try:
            if self._open is None or self._open[0] != number:
                if self._open is not None:
                    self._open[1].close()
                self._open = number, path.open("rb")
            file = self._open[1]
            file.seek(self._place - start)
            found = file.readinto(memoryview(buffer)[:wanted])
        except OSError as error:
            raise InputError(f"{path} cannot be opened.", found=error.strerror or str(error)) from error
        if not found:
            raise InputError(f"{path} was changed while it was worked on.", do="run again")
        return found


@dataclass(frozen=True)
class _Layout:
    """Places of everything in the film.

    starts : of each frame's bytes. stamps : what changes as a frame does.
    """

    paths: Sequence[Path]
    sizes: Sequence[int]
    stamps: Sequence[tuple[str, int, int, int]]
    header: bytes
    starts: Sequence[int]

    @classmethod
    def of(cls, place: FrameFolder) -> _Layout:
        paths = frames_of(place)
        kind, states = _kind_of(paths[0]), [path.stat() for path in paths]
        sizes = [state.st_size for state in states]
        length = len(_header(kind, place, sizes, 0))
        *starts, _ = accumulate(sizes, initial=length)
        stamps = [
            (path.name, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
            for path, state in zip(paths, states, strict=True)
        ]
        return cls(paths, sizes, stamps, _header(kind, place, sizes, length), starts)

    @property
    def size(self) -> int:
        return self.starts[-1] + self.sizes[-1]


def _order(name: str) -> tuple[list[str | int], str]:
    """Numbers by what they count, text between them as it is; 7 and 07 by their names."""
    parts = _DIGITS.split(name)
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], name


def _kind_of(path: Path) -> _Kind:
    from PIL import Image  # for those who need it

    try:
        with Image.open(path) as picture:
            kind, (width, height) = picture.format or "", picture.size
    except (OSError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} is no picture that can be read.", found=str(error)) from error
    if kind not in _TAGS:
        raise InputError(f"{path} cannot be a frame.", found=kind, do="make it JPEG, PNG or TIFF")
    return _Kind(_TAGS[kind], width, height)


def _in_words(kind: _Kind) -> str:
    return f"{kind.tag.decode().strip()} of {kind.width}x{kind.height}"


def _header(kind: _Kind, place: FrameFolder, sizes: Sequence[int], first: int) -> bytes:
    """Everything before the pictures, the first of which lies at byte `first` (QuickTime File Format, 2016)."""
    scale, step, count = place.rate.numerator, place.rate.denominator, len(sizes)
    starts = [first + before for before in accumulate(sizes[:-1], initial=0)]
    entry = _box(
        kind.tag,
        struct.pack(">6xH", 1),  # the media's place in the table of files
        struct.pack(">16xHHIIIH", kind.width, kind.height, 72 << 16, 72 << 16, 0, 1),  # 72 dots an inch
        struct.pack(">32xHh", 24, -1),  # no name; 24 bits, no colour table
    )
    table = _box(
        b"stbl",
        _box(b"stsd", struct.pack(">4xI", 1), entry),
        _box(b"stts", struct.pack(">4xIII", 1, count, step)),
        _box(b"stsc", struct.pack(">4xIIII", 1, 1, 1, 1)),
        _box(b"stsz", struct.pack(">8xI", count), struct.pack(f">{count}I", *sizes)),
        _box(b"co64", struct.pack(">4xI", count), struct.pack(f">{count}Q", *starts)),
    )
    here = _box(b"dinf", _box(b"dref", struct.pack(">4xI", 1), _box(b"url ", struct.pack(">I", 1))))
    length = struct.pack(">IQ", scale, count * step)
    media = _box(
        b"mdia",
        _box(b"mdhd", struct.pack(">I16x", 1 << 24), length, struct.pack(">HH", 0x55C4, 0)),  # no language
        _box(b"hdlr", struct.pack(">4x4s4s13x", b"mhlr", b"vide")),
        _box(b"minf", _box(b"vmhd", struct.pack(">I8x", 1)), here, table),
    )
    shown = struct.pack(">I16xIIQ", 1 << 24 | 3, 1, 0, count * step)
    track = _box(
        b"tkhd", shown, bytes(16), _UNTURNED, struct.pack(">II", kind.width << 16, kind.height << 16)
    )
    movie = _box(b"mvhd", struct.pack(">I16x", 1 << 24), length, struct.pack(">IH10x", 1 << 16, 1 << 8), _UNTURNED,
                 struct.pack(">24xI", 2))  # fmt: skip
    return b"".join(
        (
            _box(b"ftyp", b"qt  ", bytes(4), b"qt  "),
            _box(b"moov", movie, _box(b"trak", track, media)),
            struct.pack(">I4sQ", 1, b"mdat", 16 + sum(sizes)),
        )
    )


def _box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), name) + content
