"""Export a finished run to a folder that other tools read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.api.opened_run import OpenedRun, open_run
from pipeline.api.settings import flag, path_text, plain_value
from pipeline.errors import UsageError
from pipeline.files import RUN_SUFFIX
from pipeline.job.output_template import FOLDER_OF_SEVERAL
from pipeline.job.protection import refuse_in_run_folder
from pipeline.loading.typed_value import typed_value, wrong_value
from pipeline.record.find_run import is_picture_record, picture_records
from pipeline.record.manifest import Manifest
from pipeline.record.run_folder import RunFolder
from pipeline.render.settings import RenderSettings
from pipeline.render.shown import ShownTracks
from pipeline.store.chosen_rows import RowChoice, all_rows
from pipeline.store.class_pictures import class_picture, read_class_names, read_class_picture
from pipeline.store.export_coco import export_coco
from pipeline.store.export_csv import export_csv
from pipeline.store.export_cvat import export_cvat
from pipeline.store.export_folder import export_folder
from pipeline.store.export_mots import export_mots
from pipeline.store.export_panoptic import MapOf, export_panoptic, export_png
from pipeline.store.export_yolo import export_yolo
from pipeline.store.reader import DetectionsFile
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.structures.tracks import Tracks
from pipeline.video.cut.excerpt import excerpt
from pipeline.video.read.probe import probe
from pipeline.video.write.pictures import write_pictures

#: Formats that are one file: its name, and what writes it.
_ONE_FILE: Mapping[str, tuple[str, Callable[[DetectionsFile, Path, RowChoice], None]]] = {
    "coco": ("annotations.json", export_coco),
    "mots": ("mots.txt", export_mots),
    "cvat": ("annotations.xml", export_cvat),
    "csv": ("tracks.csv", export_csv),
}

#: Formats that can hold pictures of different sizes.
_OF_PICTURES = ("coco", "yolo", "png", "panoptic")

#: Formats of class maps, which only some runs have.
_OF_CLASSES = ("png", "panoptic")

FORMATS = ("coco", "yolo", "mots", "cvat", "csv", *_OF_CLASSES)


def export(
    run: str | Path,
    format: str,  # noqa: A002
    out: str | Path,
    *,
    conf: float | None = None,
    everything: bool = False,
    scores: bool = False,
    frames: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write what a run has found to the folder `out` in one of FORMATS; returns that folder.

    run : the run's output or its folder; for several pictures, the folder of their outputs.
    conf : export tracks with at least this score; None: those that the output shows.
    everything : export all that was stored, including weak detections and those without a track.
    scores : end each line of YOLO labels with the score.
    frames : also write the frames, as `images/000000.png` and so on.
    overwrite : write into a folder that is not empty.
    Raises UsageError, StoreError, WriteError, and InputError if `frames` cannot be read from the source, or it is
    another by now.
    """
    everything, scores = flag(everything, "everything"), flag(scores, "scores")
    frames, overwrite = flag(frames, "frames"), flag(overwrite, "overwrite")
    _check_asked(format, conf, everything=everything, scores=scores)
    target = Path(path_text(out, "out"))
    refuse_in_run_folder(target / "any")
    batch = _batch_of_pictures(Path(path_text(run, "run")))
    opened = None if batch is not None else open_run(run)
    if opened is None:
        if frames or format not in _OF_PICTURES:
            raise UsageError(
                f"{batch} comes from pictures, not from a video.",
                do=f"choose from {', '.join(_OF_PICTURES)}, without frames",
            )
    elif conf is None and not everything:
        _check_shown(opened, format)
    detections = batch if opened is None else opened.detections
    assert detections is not None
    with export_folder(target, overwrite=overwrite) as folder, DetectionsFile(detections) as file:
        choose = all_rows if everything else _shown(file, opened, _score(conf))
        if format == "yolo":
            export_yolo(file, folder, choose, scores=scores)
        elif format in _OF_CLASSES:
            _write_classes(format, file, folder, choose, opened)
        else:
            name, write = _ONE_FILE[format]
            write(file, folder / name, choose)
        if frames and opened is not None:
            _write_frames(opened, folder / "images")
    return target


def _check_shown(run: OpenedRun, format: str) -> None:  # noqa: A002
    """Raise UsageError for a format of objects, where the output shows none by its view."""
    if run.settings.render.view == "semantic" and format not in _OF_CLASSES:
        raise UsageError(
            f"{run.output} shows no objects: it was made with --view semantic.",
            do="give conf, or all, to export what was found all the same; or the format png",
        )


def _write_classes(
    format: str,  # noqa: A002
    file: DetectionsFile,
    folder: Path,
    choose: RowChoice,
    run: OpenedRun | None,
) -> None:
    with _class_maps(file, run) as maps:
        if maps is None:
            raise UsageError(
                "The run stored no class maps.",
                do="run the network again with --view semantic or panoptic, then export",
            )
        if format == "png":
            export_png(file.header, folder, *maps)
        else:
            export_panoptic(file, folder, choose, *maps)


def _check_asked(format: str, conf: Any, *, everything: bool, scores: bool) -> None:  # noqa: A002
    """Raise UsageError for options that do not go together."""
    if format not in FORMATS:
        raise UsageError(f"There is no format called {format!r}.", do=f"choose from {', '.join(FORMATS)}")
    if scores and format != "yolo":
        raise UsageError(
            "Scores are an option of yolo only.", do="leave it out: other formats hold scores if they can"
        )
    if format == "png" and (everything or conf is not None):
        raise UsageError(
            "png holds classes of pixels, and no objects to choose from.", do="leave out conf and everything"
        )
    if everything and conf is not None:
        raise UsageError(
            "conf chooses objects, and all that was stored is asked for.", do="give one of the two"
        )


def _score(conf: Any) -> float | None:
    try:
        score: float | None = typed_value(float | None, plain_value(conf))
    except ValueError as expected:
        raise wrong_value("conf", conf, str(expected)) from None
    return score


def _shown(file: DetectionsFile, run: OpenedRun | None, conf: float | None) -> RowChoice:
    """The objects that the output shows, or would with another --conf."""
    if run is not None:
        shown = run.shown_tracks(conf)
        return lambda _, tracks: shown.rows(tracks)
    header = file.header

    def rows(frame: int, tracks: Tracks) -> NDArray[np.intp]:
        picture = header.pictures[frame - header.first_frame]
        least = picture.conf if conf is None else conf
        asked = RenderSettings(conf=least, classes=picture.classes, max_objects=picture.max_objects)
        return ShownTracks(asked, header.class_names).rows(tracks)

    return rows


@contextmanager
def _class_maps(file: DetectionsFile, run: OpenedRun | None) -> Iterator[tuple[PixelClasses, MapOf] | None]:
    """The classes and the class map of each frame, from a run or a batch of pictures; None if none is stored."""
    if run is not None:
        with run.class_maps() as maps:
            yield None if maps is None else (maps.classes, maps.of)
        return
    folder, pictures = file.path.parent, file.header.pictures
    without = [picture.output for picture in pictures if not picture.class_map]
    if len(without) == len(pictures):
        yield None
        return
    if without:
        raise UsageError(
            f"{len(without)} of the {len(pictures)} pictures have no class map.",
            found=f"{without[0]}, for one",
            do="run those again with --view semantic or panoptic, then export",
        )
    yield (
        read_class_names(folder),
        lambda frame: read_class_picture(class_picture(folder, pictures[frame].output)),
    )


def _batch_of_pictures(run: Path) -> Path | None:
    """The detections file of a batch of pictures, or of a single one; None for the run of a video.

    A folder with one record of pictures, which of a single one has its output's name, stands for that record.
    """
    inside = picture_records(run)
    alone = inside if len(inside) == 1 else []
    for folder in (run, run.with_name(run.name + RUN_SUFFIX), run / FOLDER_OF_SEVERAL, *alone):
        if is_picture_record(folder):
            return RunFolder(folder).joined
    return None


def _write_frames(run: OpenedRun, folder: Path) -> None:
    Manifest.of_run(
        run.folder
    ).source.check_found_again()  # labels belong to the frames that they were found in
    folder.mkdir()
    decode = run.settings.decode
    write_pictures(excerpt(probe(run.source), decode), folder, deinterlace=decode.deinterlace)
