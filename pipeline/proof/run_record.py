"""The record of the run that made an output, as far as it can be read and is this account's own."""

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

    settings : as they were used. detections, class_maps : the files of them; None where no class maps are painted.
    published : SHA-256 of the output as the run gave it its name; None where it did not come so far.
    """

    settings: Settings
    detections: Path
    class_maps: Path | None = None
    published: str | None = None


@dataclass(frozen=True)
class NoRecord:
    """The reason, in a few words, why there is no record to go by. spoiled : there is one, and it was changed."""

    reason: str
    spoiled: bool = False

    @property
    def holds(self) -> bool | None:
        """The state of the checks that need the record: not made, or broken with it."""
        return False if self.spoiled else None


@contextmanager
def record_at_hand(output: Place) -> Iterator[Path]:
    """A file beside which the record of an output lies: itself, or one in a folder that is gone afterwards.

    Raises InputError and MediaError for a storage that does not give it, UsageError for a place that is no output.
    """
    if isinstance(output, Path):
        yield output
        return
    if isinstance(output, FrameFolder):
        raise UsageError(f"{output} is no output.", do="name the video that was made")
    with TemporaryDirectory(prefix="seg-video-") as folder:
        here = Path(folder) / output.name
        fetch_record(output, RunLayout.of(here))
        yield here


def run_record(output: Path, source: Place) -> RunRecord | NoRecord:
    """The record beside an output, if there is one to go by.

    Nothing in it is believed: it says which pixels may differ from the source, and how, and what was published. A
    record that another account could have written says nothing, nor does one of another source. Its detections are
    read only with the SHA-256 that was written down, as a damaged file can end the process.
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
            return NoRecord("the run did not write down the hash of its detections")
        try:
            ledger.check_whole("join", layout.joined)
        except StoreError:
            return NoRecord("the run's detections were changed since it made them", spoiled=True)
        return _record_of(manifest, layout, output_entry(manifest, ledger))
    except FileNotFoundError as error:
        return NoRecord(f"the record of its run is not beside it: no {Path(error.filename).name}")
    except PermissionError:
        return NoRecord("the run's folder is closed to this account")
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
