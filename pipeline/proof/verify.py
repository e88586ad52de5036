"""A source and an output -> the proof that the output is the same video plus masks, or what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SegVideoError
from pipeline.job.settings import Settings
from pipeline.proof.compare import Check, compare
from pipeline.proof.untouched_pixels import Untouched, untouched
from pipeline.record.find_run import request_of
from pipeline.record.layout import RunLayout
from pipeline.record.manifest import Manifest
from pipeline.render.overlay import Overlay
from pipeline.store.reader import DetectionsFile
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.facts import read_facts
from pipeline.video.read.probe import probe

#: Untouched pixels that moved farther than this, over the whole video, are no longer the same picture. CRF 20
#: of x264 keeps 40 dB and more; a picture shown a frame late has less than 25.
LEAST_PSNR_DB = 30.0


@dataclass(frozen=True)
class Proof:
    """What speaks for and against an output. checks : in the order in which people care."""

    source: str
    output: str
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)


def verify(source: Path, output: Path, *, quick: bool = False, least_psnr_db: float = LEAST_PSNR_DB) -> Proof:
    """Read both files anew and compare them; of what the run wrote down, only what was asked of it is believed.

    quick : packets alone, nothing is decoded. Where the run's detections lie beside the output, the pixels
    that nothing was painted on are compared too. Raises InputError where one of the files cannot be read.
    """
    before, after = probe(source), probe(output)
    layout = RunLayout.of(output)
    spec = None if Manifest.read(layout.manifest) is None else request_of(layout.folder).settings
    checks = compare(
        read_facts(before, decode=not quick),
        read_facts(after, decode=not quick),
        tone_map=spec is not None and spec.decode.tone_map,
    )
    pixels = () if quick or spec is None else _pixels(before, after, layout, spec, least_psnr_db)
    return Proof(str(source), str(output), (*checks, *pixels))


def _pixels(
    source: VideoInfo, output: VideoInfo, layout: RunLayout, spec: Settings, least_psnr_db: float
) -> Iterator[Check]:
    """The pixels that nothing was painted on; nothing at all without the detections that tell which."""
    if not layout.joined.is_file():
        return
    name = "untouched pixels"
    wanted = f"{least_psnr_db:g} dB or more"
    if (source.width, source.height) != (output.width, output.height):
        yield Check(name, False, wanted, "-", "the pictures have another size")
        return
    try:
        with DetectionsFile(layout.joined) as detections:
            overlay = Overlay(spec.render, detections.header.class_names)
            moved = untouched(source, output, detections, overlay, decode=spec.decode)
    except (SegVideoError, ValueError) as error:
        yield Check(name, False, wanted, "-", f"the detections are not those of this video: {error}")
        return
    yield Check(
        name, (moved.psnr_db or least_psnr_db) >= least_psnr_db, wanted, _decibels(moved), _words(moved)
    )


def _decibels(moved: Untouched) -> str:
    return "no number changed" if moved.psnr_db is None else f"{moved.psnr_db:.1f} dB"


def _words(moved: Untouched) -> str:
    share = 100 * moved.pixels / moved.area
    worst = "" if moved.worst_db is None else f"; worst: {moved.worst_db:.1f} dB, frame {moved.worst_frame}"
    return f"{share:.1f} % of the pixels{worst}"
