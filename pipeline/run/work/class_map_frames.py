"""The class maps that a chunk's frames are painted with, from those that the segment pass has stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.render.film_classes import FilmClasses, needed_maps
from pipeline.run.passes import Bench, Key
from pipeline.run.run import Run
from pipeline.store.class_maps import ClassMapsFile, class_maps_beside
from pipeline.store.reader import DetectionsFile
from pipeline.structures.chunk import Chunk
from pipeline.structures.class_map import ClassMap
from pipeline.structures.frame_motion import FrameMotion


def paints_class_maps(run: Run) -> bool:
    """True if the view shows the classes of pixels."""
    return run.network.classes is not None and run.settings.render.view != "instances"


def class_maps_needed(run: Run, index: int | None) -> Iterator[Key]:
    """The products of the segment pass whose class maps a chunk is painted with: its own and its neighbours'."""
    assert index is not None, "class maps are needed by chunks"
    for chunk in _holders(run, _needed(run, run.chunks[index])):
        yield "segment", chunk.index


def painted_class_maps(bench: Bench, chunk: Chunk) -> list[ClassMap | None]:
    """The class map of each frame of the chunk as it is painted; all None if the view shows none."""
    run = bench.run
    needed = _needed(run, chunk)
    if not needed:
        return [None] * len(chunk)
    maps: dict[int, ClassMap] = {}
    motions: dict[int, FrameMotion] = {}
    for other in _holders(run, needed):
        found = bench.product("segment", other)
        with DetectionsFile(found) as file:
            motions |= {number: file.header.motion(number) for number in range(other.start, other.stop)}
        with ClassMapsFile(class_maps_beside(found)) as file:
            maps |= {number: file.read(number) for number in needed if other.start <= number < other.stop}
    seconds = {number: float(run.info.seconds(number)) for number in needed}
    assert run.network.classes is not None
    film = FilmClasses(
        seconds, maps.__getitem__, motions.__getitem__, (run.info.width, run.info.height), run.network.classes,
        steady=run.settings.track.steady > 0,
    )  # fmt: skip
    return [film.of(number) for number in range(chunk.start, chunk.stop)]


def _needed(run: Run, chunk: Chunk) -> Sequence[int]:
    """Numbers of the frames whose maps the chunk is painted with; empty if the view shows none."""
    if not paints_class_maps(run):
        return ()
    return needed_maps(sorted(run.key_frames), chunk.start, chunk.stop)


def _holders(run: Run, needed: Sequence[int]) -> list[Chunk]:
    """The chunks that these frames are in."""
    if not needed:
        return []
    return [chunk for chunk in run.chunks if chunk.stop > needed[0] and chunk.start <= needed[-1]]
