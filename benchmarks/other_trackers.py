"""Our tracks beside those of other trackers, on the same stored detections: a table of identities.

    python benchmarks/other_trackers.py RUN.mp4.seg-run/detections.parquet --truth drive.json.gz --video drive.mp4

Needs `pip install trackers` (ByteTrack, OC-SORT and BoT-SORT; Apache-2.0) and `pip install -e '.[train]'`. The others
get the detections from the score on that ours follows, start tracks from the score that ours starts them at, and have
their own defaults else. What they call confirmed counts as drawn. They see each frame once, as it comes; ours looks
back. `forward` is our first step alone. `true numbers` is what no tracker can do better: each detection from a score
on has the number of the object that its mask lies on, and what lies on none is dropped. `ms` is CPU time a frame;
BoT-SORT's has the camera's motion in it, which ours has stored.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipeline.evaluation.settings import EvalSettings
from pipeline.evaluation.tracks.following import frame_overlaps
from pipeline.evaluation.tracks.identities import identity_scores
from pipeline.evaluation.tracks.overlap import FrameOverlap
from pipeline.evaluation.tracks.recorded import recorded, seconds_per_frame
from pipeline.labels.read_truth import truth_of_video
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.store.writer import write_tracks
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import FOUND, NO_TRACK, Tracks
from pipeline.track.film_tracker import FilmFrame, FilmTracker
from pipeline.track.settings import TrackSettings

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # sample_videos is not installed

from sample_videos.film_sheet import forward_tracks

Film = tuple[Header, list[Detections]]

#: IoU from which on a mask lies on an object.
ENOUGH = 0.5


def main() -> None:
    """Print the table, in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="file of stored detections, tracked")
    parser.add_argument("--truth", type=Path, required=True, help="labels of its video")
    parser.add_argument("--video", type=Path, required=True, help="the source, for BoT-SORT's camera motion")
    options = parser.parse_args()
    film = _read(options.run)
    ways: dict[str, Callable[[], list[Tracks]]] = {
        "seg-video": lambda: _ours(film),
        "seg-video, forward": lambda: forward_tracks(*film),
        "ByteTrack": lambda: _theirs(film, "ByteTrackTracker", track_activation_threshold=0.5),
        "OC-SORT": lambda: _theirs(film, "OCSORTTracker"),
        "BoT-SORT": lambda: _theirs(film, "BoTSORTTracker", options.video, track_activation_threshold=0.5),
        **{
            f"true numbers, from {least} on": partial(_true_numbers, film, options.truth, least)
            for least in (0.5, 0.2, 0.1)
        },
    }
    print(
        "| tracker | switches | IDF1 | precision, recall | HOTA | ids | ms |\n|---|---|---|---|---|---|---|"
    )
    for name, way in ways.items():
        begun = time.process_time()
        tracks = way()
        spent = 1000 * (time.process_time() - begun) / len(tracks)
        print(f"| {name} | {_scores(film[0], tracks, options.truth)} | {spent:.1f} |", flush=True)


def _read(path: Path) -> Film:
    with DetectionsFile(path) as file:
        stored = file.read_tracks()
        return file.header, [one.detections[one.origins == FOUND] for one in stored]


def _ours(film: Film) -> list[Tracks]:
    header, found = film
    tracker = FilmTracker(TrackSettings(), header.class_names, (header.height, header.width))
    motions = [header.motion(header.first_frame + place) for place in range(len(found))]
    edges = [header.edges.get(header.first_frame + place) for place in range(len(found))]
    frames = list(map(FilmFrame, header.seconds.tolist(), found, motions, edges))
    return tracker.follow(tracker.start(), frames, is_end=True)[1]


def _theirs(film: Film, name: str, video: Path | None = None, **settings: float) -> list[Tracks]:
    import supervision
    import trackers

    header, found = film
    own, seconds = TrackSettings(), header.seconds
    rate = (len(seconds) - 1) / float(seconds[-1] - seconds[0])
    tracker = getattr(trackers, name)(frame_rate=rate, high_conf_det_threshold=own.start_score, **settings)
    pictures = _pictures(video) if video else None
    tracked = []
    for detections in found:
        rows = np.flatnonzero(detections.scores >= own.follow_score)
        asked = supervision.Detections(
            xyxy=detections.boxes[rows], confidence=detections.scores[rows], data={"row": rows}
        )
        picture = next(pictures) if pictures else None
        answer: Any = tracker.update(asked, picture)
        ids = np.full(len(detections), NO_TRACK, np.int64)
        if len(answer):
            given = np.asarray(answer.tracker_id, np.int64)
            ids[np.asarray(answer.data["row"])[given >= 0]] = given[given >= 0] + 1
        drawn = np.where(ids == NO_TRACK, detections.scores, np.float32(1.0))
        tracked.append(replace(Tracks.untracked(detections), track_ids=ids, peak_scores=drawn))
    return tracked


def _pictures(video: Path) -> Iterator[NDArray[np.uint8]]:
    """The frames, blue first, as these trackers take them."""
    film = cv2.VideoCapture(str(video))
    while True:
        seen, picture = film.read()
        if not seen:
            raise SystemExit(f"{video} has fewer frames than its run")
        yield np.asarray(picture, np.uint8)


def _true_numbers(film: Film, labels: Path, least: float) -> list[Tracks]:
    """The detections from a score of `least` on, each with the number of the object that it lies on, if it does."""
    header, found = film
    own = [
        replace(
            Tracks.untracked(one),
            track_ids=np.arange(1, len(one) + 1),
            peak_scores=np.ones(len(one), np.float32),
        )
        for one in found
    ]
    tracked = []
    for one, frame in zip(found, _overlaps(header, own, labels)[0], strict=True):
        rows = frame.track_ids - 1
        worth = np.where((frame.iou >= ENOUGH) & (one.scores[rows] >= least), frame.iou, 0.0)
        true, taken = linear_sum_assignment(worth, maximize=True)
        lies = worth[true, taken] > 0
        ids = np.full(len(one), NO_TRACK, np.int64)
        ids[rows[taken[lies]]] = frame.true_ids[true[lies]] + 1
        drawn = np.where(ids == NO_TRACK, one.scores, np.float32(1.0))
        tracked.append(replace(Tracks.untracked(one), track_ids=ids, peak_scores=drawn))
    return tracked


def _overlaps(header: Header, tracks: Sequence[Tracks], labels: Path) -> tuple[list[FrameOverlap], float]:
    """Which objects and tracks lie on each other in each frame, and the seconds from one to the next."""
    settings, truth = EvalSettings(), truth_of_video(labels)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tracks.parquet"
        write_tracks(path, header, tracks)
        with DetectionsFile(path) as file:
            found = recorded(file, truth, settings)
            step = seconds_per_frame(file.header, truth)
    return frame_overlaps(truth, found, settings.min_side), step


def _scores(header: Header, tracks: Sequence[Tracks], labels: Path) -> str:
    scores = identity_scores(*_overlaps(header, tracks, labels))
    conf = EvalSettings().conf
    shown = [one.track_ids[one.peak_scores >= conf] for one in tracks]
    count = len(np.unique(np.concatenate(shown))) - any((ids == NO_TRACK).any() for ids in shown)
    kept = f"{scores.id_precision:.3f}, {scores.id_recall:.3f}"
    return f"{scores.switches} | {scores.idf1:.3f} | {kept} | {scores.hota:.3f} | {count}"


if __name__ == "__main__":
    main()
