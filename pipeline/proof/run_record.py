"""The record of the run that made an output, if it can be read and belongs to this account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.errors import SegVideoError, StoreError, UsageError
from pipeline.job.resolve import resolve
from pipeline.job.settings import Settings
from pipeline.record.evidence import output_entry
from pipeline.record.find_run import request_of
from pipeline.record.layout import RunLayout, check_private
from pipeline.record.ledger import Entry, Ledger
from pipeline.record.manifest import Manifest
from pipeline.record.remote_run import fetch_record
from pipeline.record.source_identity import SourceIdentity
from pipeline.render.drawn_view import DrawnView
from pipeline.store.class_maps import class_maps_beside
from pipeline.structures.address import FrameFolder, Place
from pipeline.structures.pixel_classes import PixelClasses


@dataclass(frozen=True)
class RunRecord:
    """The record of a run.

    settings : as they were used. detections, class_maps : their files; None if no class maps are painted.
    published : SHA-256 of the output when it was published; None if it was not.
    """

    settings: Settings
    detections: Path
    class_maps: Path | None = None
    published: str | None = None


@dataclass(frozen=True)
class NoRecord:
    """The absence of a usable record. reason : in a few words. spoiled : there is a record, but it was changed."""

    reason: str
    spoiled: bool = False

    @property
    def holds(self) -> bool | None:
        """The result of the checks that need the record: not made, or failed with it."""
        return False if self.spoiled else None


@contextmanager
def record_at_hand(output: Place) -> Iterator[Path]:
    """A path beside which the record of an output lies: the output itself, or one in a temporary folder.

    Raises InputError and MediaError if a storage does not provide it, UsageError for a place that cannot be an output.
    """
    if isinstance(output, Path):
        yield output
        return
    if isinstance(output, FrameFolder):
        raise UsageError(f"{output} is not an output.", do="name the video that was made")
    with TemporaryDirectory(prefix="seg-video-") as folder:
        here = Path(folder) / output.name
        fetch_record(output, RunLayout.of(here))
        yield here


def run_record(output: Path, source: Place) -> RunRecord | NoRecord:
    """The record beside an output, if it is usable.

    It proves nothing by itself: it says which pixels may differ from the source, and how, and what was published. A
    record that another account could have written is not used, nor one of another source. Its detections are read only
    if they have the recorded SHA-256, because a damaged file can crash the process.
    """
    layout = RunLayout.of(output)
    try:
        check_private(layout.folder)
        for file in (layout.manifest, layout.joined):
            file.lstat()
            check_private(file, is_file=True)
        manifest = Manifest.of_run(layout.folder)
        if manifest.source.sha256 != SourceIdentity.of(source).sha256:
            return NoRecord("the run's record is of another source")
        ledger = Ledger(layout.ledger)
        if ledger.entry("join") is None:
            return NoRecord("the run has not recorded the hash of its detections")
        try:
            ledger.check_whole("join", layout.joined)
        except StoreError:
            return NoRecord("the run's detections were changed since they were made", spoiled=True)
        return _record_of(manifest, layout, output_entry(manifest, ledger))
    except FileNotFoundError as error:
        return NoRecord(f"there is no record of its run beside it: no {Path(error.filename).name}")
    except PermissionError:
        return NoRecord("the run's folder may not be read by this account")
    except (SegVideoError, OSError, ValueError) as error:
        return NoRecord("; ".join(line.strip() for line in str(error).splitlines()[:2]))


def _record_of(manifest: Manifest, layout: RunLayout, made: Entry | None) -> RunRecord:
    published = None if made is None else made.sha256
    settings = resolve(request_of(layout.folder).settings)
    classes = None if manifest.pixel_classes is None else PixelClasses.of(manifest.pixel_classes)
    view = DrawnView.of(settings.render.view, manifest.weights.model, manifest.class_names, classes)
    settings = settings.with_changes({"render": {"view": view.name}})
    if view.classes is None:
        return RunRecord(settings, layout.joined, published=published)
    class_maps = class_maps_beside(layout.joined)
    class_maps.lstat()
    check_private(class_maps, is_file=True)
    return RunRecord(settings, layout.joined, class_maps, published)
