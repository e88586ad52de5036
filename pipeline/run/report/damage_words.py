"""Sentences about what of a source is damaged, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.run.run import Run
from pipeline.structures.frame_damage import FrameDamage
from pipeline.structures.spans import in_words, numbers_of

#: What became of frames that give no picture.
_BECAME = {"keep-time": "show the frame before them", "drop": "are left out"}


def damage_words(run: Run, damage: FrameDamage) -> tuple[str, ...]:
    """A sentence for each kind of damage; none for a source without any."""
    return tuple(_sentences(run, damage))


def _sentences(run: Run, damage: FrameDamage) -> Iterator[str]:
    frames = run.info.frame_count
    yield from run.info.damage
    if missing := numbers_of(damage.missing):
        became = _BECAME[run.settings.decode.damaged]
        yield f"{len(missing)} of {frames} frames do not decode and {became}: {in_words(damage.missing)}"
    if flawed := numbers_of(damage.flawed):
        spans = in_words(damage.flawed)
        yield f"{len(flawed)} of {frames} frames are damaged and shown as far as they decode: {spans}"
