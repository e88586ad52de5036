"""verify: check that an output is the same video as its source, plus masks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigError, SegVideoError, UsageError
from pipeline.proof.check import Check
from pipeline.proof.compare import compare
from pipeline.proof.limits import Limits, limits_of
from pipeline.proof.pictures import Pictures, compare_pictures
from pipeline.proof.run_record import NoRecord, RunRecord, record_at_hand, run_record
from pipeline.record.source_identity import SourceIdentity
from pipeline.structures.address import Place
from pipeline.structures.video_info import VideoInfo
from pipeline.video.colour.tone_map import is_hdr
from pipeline.video.cut.excerpt import excerpt
from pipeline.video.read.facts import MediaFacts, read_facts
from pipeline.video.read.probe import probe
from pipeline.video.settings import DecodeSettings

_ALL = DecodeSettings()


@dataclass(frozen=True)
class Proof:
    """The checks of an output.

    checks : the most important first. part : the part of the source that the output was compared with, in words; None:
    all of it.
    """

    source: str
    output: str
    checks: tuple[Check, ...]
    part: str | None = None

    @property
    def holds(self) -> bool:
        """True if no check failed; a check that could not be made has not failed."""
        return all(check.holds is not False for check in self.checks)


def verify(
    source: Place,
    output: Place,
    *,
    quick: bool = False,
    least_psnr_db: float | None = None,
    part: DecodeSettings = _ALL,
) -> Proof:
    """Read both files and compare every packet, frame and tag.

    Of the run's record beside the output, which is fetched for an output in a storage, only three things are used: what
    was to be painted where, the settings, and the hash of the published file. Checks that need a missing record are
    not made.

    quick : compare packets without decoding them. least_psnr_db : PSNR that unpainted pixels must have; None for 30 dB,
    or less if the run asked for lower quality. part : the times of the source that the output should show; if none are
    given, those of the record, or all. Raises InputError if a file cannot be read, UsageError if the part has no frame,
    both are one file, or the source was made of the output, ConfigError for a PSNR that says nothing.
    """
    if least_psnr_db is not None and not 0 < least_psnr_db < math.inf:  # NaN is neither
        raise ConfigError(
            "least-psnr must be a number of decibels above 0.", found=str(least_psnr_db), do="try 30"
        )
    if _is_one(source, output):
        raise UsageError(
            f"{output} is the source itself, and compared with itself any file would hold.",
            do="name the source, then the output that was made of it",
        )
    if isinstance(source, Path) and isinstance(run_record(source, output), RunRecord):
        raise UsageError(
            f"{source} was made of {output}, and cannot be its source.",
            do=f"name the source first: seg-video verify {output} {source}",
        )
    with record_at_hand(output) as beside:
        return _verify(source, output, run_record(beside, source), quick, least_psnr_db, part)


def _is_one(source: Place, output: Place) -> bool:
    """True for one file by whatever names."""
    if not isinstance(source, Path) or not isinstance(output, Path):
        return source == output
    try:
        return source.samefile(output)
    except OSError:
        return False  # one that is missing is told when it is opened


def _verify(
    source: Place,
    output: Place,
    record: RunRecord | NoRecord,
    quick: bool,
    least_psnr_db: float | None,
    part: DecodeSettings,
) -> Proof:
    whole, after = probe(source), probe(output)
    asked = record.settings if isinstance(record, RunRecord) else None
    before = excerpt(whole, part if asked is None or part.names_part else asked.decode)
    if asked is not None and excerpt(whole, asked.decode).span != before.span:
        record, asked = NoRecord("the run's record is of another part"), None
    facts = read_facts(before, decode=not quick, header=False)
    tone_map = asked is not None and asked.decode.tone_map
    deinterlace = None if asked is None else asked.decode.deinterlace
    output_facts = read_facts(after, decode=not quick)
    checks = compare(facts, output_facts, tone_map=tone_map, deinterlace=deinterlace)
    full_chroma = "444" in after.pixel_format
    limits = limits_of(
        asked.encode if asked else None, after.stream.codec, least_psnr_db, full_chroma=full_chroma
    )
    pixels = () if quick else _pixels(facts, after, record, limits)
    checks = [*checks, *pixels, _published(output, record)]
    return Proof(str(source), str(output), tuple(checks), _part_words(before))


def _published(output: Place, record: RunRecord | NoRecord) -> Check:
    """Check that the file is the one that was published: a changed one may still be the same video."""
    name = "published file"
    if isinstance(record, NoRecord):
        return Check(name, record.holds, "-", "-", record.reason)
    if record.published is None:
        return Check(name, None, "-", "-", "the run is not finished")
    found = SourceIdentity.of(output).sha256
    note = "" if found == record.published else "changed since it was published"
    return Check(name, not note, f"SHA-256 {record.published[:12]}", f"SHA-256 {found[:12]}", note)


def _part_words(info: VideoInfo) -> str | None:
    if info.excerpt is None:
        return None
    (start, stop), begins = info.span, info.seconds(0)
    ends = begins + info.duration_seconds
    return f"frames {start} to {stop - 1}, {float(begins):.3f} to {float(ends):.3f} s"


def _pixels(
    facts: MediaFacts, output: VideoInfo, record: RunRecord | NoRecord, limits: Limits
) -> Iterator[Check]:
    names = ("untouched pixels", "painted pixels", "frame order")
    source = facts.info
    if (source.width, source.height) != (output.width, output.height):
        yield from (Check(name, None, "-", "-", "the pictures differ in size") for name in names)
        return
    lost = record if isinstance(record, NoRecord) else None
    own = record if isinstance(record, RunRecord) else None
    if lost is not None and is_hdr(source) != is_hdr(output):
        yield from (Check(name, None, "-", "-", f"HDR against SDR; {lost.reason}") for name in names)
        return
    try:
        found = compare_pictures(facts, output, own, limits)
    except (SegVideoError, ValueError) as error:
        note = f"the pictures cannot be compared: {str(error).splitlines()[0]}"
        yield Check(names[0], False, f"{limits.psnr_db:g} dB or more", "-", note)
        return
    if not found.frames:
        words = "no frame of the source can be decoded reliably"
        yield from (Check(name, None, "-", "-", words) for name in names)
    elif lost is not None:
        words = "it is unknown where it was painted"
        yield _check("pictures", found.untouched, "some of each frame", f"{found.frames} frames", words)
        yield from (Check(name, lost.holds, "as the record says", "-", lost.reason) for name in names[:2])
    else:
        yield _check(
            names[0], found.untouched, f"{limits.psnr_db:g} dB or more", _decibels(found), _share(found)
        )
        yield _check(names[1], found.painted, "as the record says", f"{found.frames} frames", "")
    if found.frames:
        yield _check(names[2], found.order, "each its own", f"{found.frames} frames", "")


def _check(name: str, faults: list[tuple[int, str]], source: str, output: str, note: str) -> Check:
    frames = {number for number, _ in faults}
    first = next(iter(sorted(faults)), None)
    words = [note] if note else []
    if first is not None:
        where = f"frame {first[0]}: " if first[0] >= 0 else ""
        words += [where + first[1], *([f"{len(frames)} frames in all"] if len(frames) > 1 else [])]
    return Check(name, not faults, source, output, "; ".join(words))


def _decibels(found: Pictures) -> str:
    return "unchanged" if found.worst_db is None else f"{found.worst_db:.1f} dB"


def _share(found: Pictures) -> str:
    share = f"{100 * found.free / max(found.area, 1):.1f} % of the pixels"
    return share if found.worst_frame is None else f"{share}, worst frame {found.worst_frame}"
