"""Sentences for people, about events and about damage of a source."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.run.report.bill import bill_words
from pipeline.run.report.events import (
    Begun,
    Billed,
    ChunkFailed,
    Damaged,
    Ended,
    Event,
    Listed,
    Redone,
    Retried,
    SetAside,
    Skipped,
    VideoStarted,
    Warned,
)
from pipeline.run.run import Run
from pipeline.structures.frame_damage import FrameDamage
from pipeline.structures.spans import in_words, numbers_of
from pipeline.terminal import one_line


def sentence(event: Event) -> str:
    """A sentence about an event; empty if there is nothing to say."""
    match event:
        case VideoStarted(source, number, count) if count > 1:
            return f"[{number}/{count}] {one_line(source)}"
        case Listed(folder, videos, nbytes):
            size = f", {nbytes / 1e9:.1f} GB" if nbytes else ""
            return f"{videos} videos{size}; show their progress with: seg-video status {one_line(folder)}"
        case Redone(passes, changed):
            why = (
                f"changed: {one_line('; '.join(changed))}"
                if changed
                else "this release makes it in another way"
            )
            return f"redoing {', '.join(passes)}; {why}"
        case Begun(counts, known) if known:
            return f"continuing: {known} of {counts.frames} frames have their detections"
        case Ended("kept", output):
            return kept(output)
        case Skipped(output):
            return skipped(output)
        case Billed(videos) if videos > 1 or event.spent.bytes_in or event.spent.gpu_seconds:
            return bill_words(event)
        case _:
            return trouble(event)


def trouble(event: Event) -> str:
    """A sentence about an unwelcome event; empty for any other."""
    match event:
        case Retried(step, chunk, reason):
            return f"{step} of chunk {chunk} failed; trying again: {one_line(reason)}"
        case ChunkFailed(step, chunk, reason):
            return f"{step} of chunk {chunk} failed: {one_line(reason)}"
        case SetAside(_, reason):
            return f"failed, continuing with the next: {one_line(reason)}"
        case Warned(text):
            return f"warning: {one_line(text)}"
        case Damaged(text):
            return f"damaged: {one_line(text)}"
        case _:
            return ""


def made(event: Ended, known: int) -> str:
    """The summary of a video that was made. known : frames whose detections existed before."""
    facts = event.facts
    before = f", {known} of them found before" if known else ""
    speed = "" if facts.frames_per_second is None else f", {facts.frames_per_second:.1f} frames/s"
    return f"{one_line(event.output)}: {facts.frames} frames in {facts.seconds or 0:.1f} s{before}{speed}"


def kept(output: str) -> str:
    """The sentence about an output that exists as requested."""
    return f"{one_line(output)} exists already, exactly as requested"


def skipped(output: str) -> str:
    """The sentence about an output that exists and is not replaced."""
    return f"{one_line(output)} exists; skipped"


#: How frames that do not decode are treated.
_BECAME = {"keep-time": "show the frame before them", "drop": "are left out"}


def damage_words(run: Run, damage: FrameDamage) -> tuple[str, ...]:
    """A sentence for each kind of damage."""
    return tuple(_sentences(run, damage))


def _sentences(run: Run, damage: FrameDamage) -> Iterator[str]:
    frames = run.film.frame_count
    yield from run.info.damage
    if missing := numbers_of(damage.missing):
        became = _BECAME[run.settings.decode.damaged]
        yield f"{len(missing)} of {frames} frames do not decode and {became}: {in_words(damage.missing)}"
    if flawed := numbers_of(damage.flawed):
        spans = in_words(damage.flawed)
        yield f"{len(flawed)} of {frames} frames are damaged and shown as far as they decode: {spans}"
