"""The record of the run that made an output, as far as it can be read and is this account's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SegVideoError
from pipeline.job.resolve import resolve
from pipeline.job.settings import Settings
from pipeline.record.find_run import request_of
from pipeline.record.layout import RunLayout, check_private
from pipeline.record.manifest import Manifest
from pipeline.record.source_identity import SourceIdentity
from pipeline.render.drawn_view import DrawnView
from pipeline.store.class_maps import class_maps_beside
from pipeline.structures.address import Place
from pipeline.structures.pixel_classes import PixelClasses


@dataclass(frozen=True)
class RunRecord:
    """The settings of a run as they were used, the file of its detections, and that of class maps that are painted."""

    settings: Settings
    detections: Path
    class_maps: Path | None = None


def run_record(output: Path, source: Place) -> RunRecord | str:
    """The record beside an output; where there is none to rely on, the reason in a few words.

    Nothing in it is believed: it says which pixels may differ from the source, and how. A record that another
    account could have written says nothing, nor does one of another source. Of the output it may know another hash:
    where that was changed afterwards, the record says what it should have been.
    """
    layout = RunLayout.of(output)
    try:
        check_private(layout.folder)
        for file in (layout.manifest, layout.joined):
            file.lstat()
            check_private(file, is_file=True)
        manifest = Manifest.of_run(layout.folder)
        if manifest.source.sha256 != SourceIdentity.of(source).sha256:
            return "the run's record is of another source"
        return _record_of(manifest, layout)
    except FileNotFoundError as error:
        return f"there is no {Path(error.filename).name}"
    except PermissionError:
        return "the run's folder is closed to this account"
    except (SegVideoError, OSError, ValueError) as error:
        return "; ".join(line.strip() for line in str(error).splitlines()[:2])


def _record_of(manifest: Manifest, layout: RunLayout) -> RunRecord:
    settings = resolve(request_of(layout.folder).settings)
    classes = None if manifest.pixel_classes is None else PixelClasses.of(manifest.pixel_classes)
    view = DrawnView.of(settings.render.view, manifest.weights.model, manifest.class_names, classes)
    settings = settings.with_changes({"render": {"view": view.name}})
    if view.classes is None:
        return RunRecord(settings, layout.joined)
    class_maps = class_maps_beside(layout.joined)
    class_maps.lstat()
    check_private(class_maps, is_file=True)
    return RunRecord(settings, layout.joined, class_maps)
