"""The proof that an output is the same video as its source plus masks: all checks, passed or failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.errors import SegVideoError
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

    checks : in the order in which people care. part : what of the source the output was compared with, in words; None:
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
    """Read both files anew and compare them, every packet, frame and tag.

    Of what the run wrote down beside the output only this is used: what was to be painted where, what was asked of it,
    and the hash of what it published; without it, what needs it is unchecked. quick : packets alone, nothing is
    decoded. least_psnr_db : how near pixels have to be; None for 30 dB, or what the quality that the run asked for
    allows. part : the times of the source that the output is to show; without any what the record says, and without one
    all. The record of an output in a storage is fetched from beside it. Raises InputError where one of the files cannot
    be read, UsageError where the source has no frame in the part.
    """
    with record_at_hand(output) as beside:
        return _verify(source, output, run_record(beside, source), quick, least_psnr_db, part)


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
    limits = limits_of(asked.encode if asked else None, after.stream.codec, least_psnr_db)
    pixels = () if quick else _pixels(facts, after, record, limits)
    checks = [*checks, *pixels, _published(output, record)]
    return Proof(str(source), str(output), tuple(checks), _part_words(before))


def _published(output: Place, record: RunRecord | NoRecord) -> Check:
    """That the file is the one that the run published: another may well be the same video, but was changed since."""
    name = "published file"
    if isinstance(record, NoRecord):
        return Check(name, record.holds, "-", "-", record.reason)
    if record.published is None:
        return Check(name, None, "-", "-", "the run is not finished")
    found = SourceIdentity.of(output).sha256
    note = "" if found == record.published else "changed since the run published it"
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
        yield from (Check(name, None, "-", "-", "the pictures have another size") for name in names)
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
        words = "no frame of the source decodes without damage before it"
        yield from (Check(name, None, "-", "-", words) for name in names)
    elif lost is not None:
        words = "where it was painted is unknown"
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
    return "no number changed" if found.worst_db is None else f"{found.worst_db:.1f} dB"


def _share(found: Pictures) -> str:
    share = f"{100 * found.free / max(found.area, 1):.1f} % of the pixels"
    return share if found.worst_frame is None else f"{share}, worst frame {found.worst_frame}"
