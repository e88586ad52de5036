"""A run on disk, opened for reading: what was asked for, and what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.api.results import Frame
from pipeline.api.settings import path_text
from pipeline.errors import UsageError
from pipeline.files import RUN_SUFFIX
from pipeline.job.settings import Settings
from pipeline.proof.paired_frames import film_classes
from pipeline.record.find_run import find_run, request_of
from pipeline.record.ledger import Ledger
from pipeline.record.run_folder import RunFolder
from pipeline.render.film_classes import FilmClasses
from pipeline.render.shown import ShownTracks
from pipeline.store.class_maps import class_maps_beside
from pipeline.store.reader import DetectionsFile
from pipeline.structures.address import Place, place_of
from pipeline.structures.tracks import FOUND


@dataclass(frozen=True)
class OpenedRun:
    """A run whose detections are complete.

    folder : the run's own. source : the video it is about. output : the file it makes.
    detections : the Parquet file with everything that was found.
    settings : as they were asked for. names : name of each class id.
    """

    folder: Path
    source: Place
    output: Path
    detections: Path
    settings: Settings
    names: Mapping[int, str]

    def class_maps(self) -> AbstractContextManager[FilmClasses | None]:
        """The class map of each frame as it is painted; None if the run stored none."""
        path = class_maps_beside(self.detections)
        with DetectionsFile(self.detections) as file:
            header = file.header
        steady = self.settings.track.steady > 0
        return film_classes(path if path.is_file() else None, header, steady=steady)

    def shown_tracks(self, conf: float | None = None) -> ShownTracks:
        """Picks the objects that the output shows, or would show with another --conf."""
        asked = self.settings.render
        return ShownTracks(replace(asked, conf=asked.conf if conf is None else conf), self.names)

    def frames(self) -> Iterator[Frame]:
        """The frames in order, each with its detections and with the tracks that the output shows."""
        shown = self.shown_tracks()
        with DetectionsFile(self.detections) as file, self.class_maps() as maps:
            header = file.header
            times = header.seconds
            for number, tracks in file.frames():
                kept = tracks[shown.rows(tracks)]
                seconds = float(times[number - header.first_frame])
                found = tracks.detections[tracks.origins == FOUND]
                yield Frame(
                    number,
                    seconds,
                    found,
                    kept,
                    header.width,
                    header.height,
                    self.names,
                    None if maps is None else maps.of(number),
                    None if maps is None else maps.classes,
                )


def open_run(run: str | Path) -> OpenedRun:
    """Open a finished run. run : its output or its folder.

    Raises UsageError if there is no run, or it is not finished; StoreError if its detections were changed.
    """
    folder = find_run(path_text(run, "run"))
    request = request_of(folder)
    files, output = RunFolder(folder), folder.with_name(folder.name.removesuffix(RUN_SUFFIX))
    if not files.joined.is_file():
        raise UsageError(
            f"The run at {folder} is not finished: it has no detections of the whole video.",
            do=f"finish it with: seg-video resume {folder}",
        )
    Ledger(files.ledger).check_whole("join", files.joined)
    with DetectionsFile(files.joined) as file:
        names = dict(file.header.class_names)
    return OpenedRun(folder, place_of(request.inputs[0]), output, files.joined, request.settings, names)
