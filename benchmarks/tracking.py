"""Tracks of finished runs, made anew from their stored detections without the network: a table and JSON.

    python benchmarks/tracking.py RUN.mp4.seg-run/detections.parquet ... [--truth sample_videos/drive.json.gz]
        [--set lag_seconds=1 ...] [--every N ...] [--json FILE] [--keep FOLDER]

Each run has a line for the tracks as they are stored and one for those made anew. `life` is the median number of
frames from a track's first to its last, `holes` counts stretches of 1 to 14 frames within a track's life in which it is
not drawn, `short` the tracks that are drawn in less than five frames, `classes` how often a track changes its class.
`ms` is CPU time a frame. With several --every a line each: `looked` is the share of frames that the network would look
at, `like` that of the boxes drawn at the first N with which some box drawn here has an IoU of 0.5. --motion reads a
folder with RUN.npy, float32 [frames, 8], where the runs have no motion of their own. With --truth (of the last run
named), which needs `pip install -e '.[train]'`: identities, mask AP, and `between`, the mean IoU of the masks with the
objects that they lie on, in frames that the network does not look at.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.segment.key_frames import key_frames
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.store.writer import write_tracks
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import FOUND, NO_TRACK, Tracks
from pipeline.track.association import overlaps
from pipeline.track.film_tracker import FilmFrame, FilmTracker
from pipeline.track.settings import TrackSettings

CONF = 0.5
CHUNK = 96


def main() -> None:
    """Print the table."""
    options = _options()
    settings = _settings(options.set)
    rows: list[dict[str, Any]] = []
    for path in options.runs:
        truth = options.truth if path == options.runs[-1] else None
        header, stored, found = _read(path)
        name = path.parent.name.removesuffix(".seg-run")
        if options.motion:
            header = replace(header, motions=np.load(options.motion / f"{name}.npy"))
        rows.append({"run": name, "tracks": "stored", **_figures(header, stored, truth, None, ())})
        keep = options.keep / f"{name}.parquet" if options.keep else None
        first: list[Tracks] = []
        for every in options.every:
            keys = _keys(header, every)
            tracks, milliseconds = _track(header, found, settings, keys)
            first = first or tracks
            figures = _figures(header, tracks, truth, keep, keys)
            more = {"looked": len(keys) / len(found), "like": _likeness(first, tracks), "ms": milliseconds}
            rows.append({"run": name, "tracks": f"every {every}", **figures, **more})
    _print(rows)
    if options.json:
        content = {"settings": asdict(settings), "every": options.every, "rows": rows}
        options.json.write_text(json.dumps(content, indent=1) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, help="files of stored detections, tracked")
    parser.add_argument("--truth", type=Path, help="labels of the last run's video")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=NUMBER", help="a TrackSettings")
    parser.add_argument("--motion", type=Path, help="a folder with the motion of runs that have none")
    parser.add_argument(
        "--every", type=int, nargs="+", default=[1], help="use the detections of every Nth frame alone"
    )
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--keep", type=Path, help="a folder for the files of tracks")
    return parser.parse_args()


def _settings(pairs: Sequence[str]) -> TrackSettings:
    types = {field.name: field.type for field in fields(TrackSettings)}
    changes: dict[str, Any] = {}
    for pair in pairs:
        name, value = pair.split("=")
        changes[name] = value if types[name] == "str" else float(value)
    return replace(TrackSettings(), **changes)


def _read(path: Path) -> tuple[Header, list[Tracks], list[Detections]]:
    """Header, tracks and what was found; rows that only follow from other frames are left out of the latter."""
    with DetectionsFile(path) as file:
        stored = file.read_tracks()
        found = [tracks.detections[tracks.origins == FOUND] for tracks in stored]
        return file.header, stored, found


def _track(
    header: Header, found: Sequence[Detections], settings: TrackSettings, keys: Collection[int]
) -> tuple[list[Tracks], float]:
    tracker = FilmTracker(settings, header.class_names, (header.height, header.width))
    seconds = header.seconds.tolist()
    frames = [
        FilmFrame(
            time,
            found[place] if place in keys else None,
            header.motion(header.first_frame + place),
            header.edges.get(header.first_frame + place),
        )
        for place, time in enumerate(seconds)
    ]
    begun = time.process_time()
    state, tracks = tracker.start(), []
    for stop in (*range(CHUNK, len(frames), CHUNK), len(frames)):
        state, final = tracker.follow(state, frames[len(tracks) : stop], is_end=stop == len(frames))
        tracks += final
    return tracks, 1000 * (time.process_time() - begun) / len(frames)


def _keys(header: Header, every: int) -> set[int]:
    """Places of the frames that the network would look at."""
    return set(key_frames(header.seconds.tolist(), every))


def _likeness(first: Sequence[Tracks], tracks: Sequence[Tracks]) -> float:
    """Share of the boxes drawn in `first` that meet one drawn in `tracks`."""
    there = [
        overlaps(*(one.detections.boxes[_drawn(one)].astype(np.float64) for one in both)).max(
            axis=1, initial=0
        )
        for both in zip(first, tracks, strict=True)
    ]
    return float((np.concatenate(there) >= 0.5).mean())


def _drawn(tracks: Tracks) -> NDArray[np.bool_]:
    return (tracks.track_ids != NO_TRACK) & (tracks.peak_scores >= CONF)


def _figures(
    header: Header, tracks: Sequence[Tracks], truth: Path | None, keep: Path | None, keys: Collection[int]
) -> dict[str, Any]:
    drawn: dict[int, list[int]] = defaultdict(list)
    changes, classes = 0, {}
    for place, here in enumerate(tracks):
        for row in np.flatnonzero(_drawn(here)).tolist():
            number, kind = int(here.track_ids[row]), int(here.class_ids[row])
            drawn[number].append(place)
            changes += classes.get(number, kind) != kind
            classes[number] = kind
    steps = [np.diff(places) - 1 for places in drawn.values()]
    figures: dict[str, Any] = {
        "ids": len(drawn),
        "life": float(np.median([places[-1] - places[0] + 1 for places in drawn.values()])) if drawn else 0.0,
        "holes": int(sum(((step >= 1) & (step <= 14)).sum() for step in steps)),
        "short": sum(len(places) < 5 for places in drawn.values()),
        "classes": changes,
        "drawn": sum(len(places) for places in drawn.values()),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = keep or Path(folder) / "tracks.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tracks(path, header, tracks)
        return figures | (_against(path, truth, keys) if truth else {})


def _against(path: Path, truth: Path, keys: Collection[int]) -> dict[str, Any]:
    """Identities, mean mask AP over the classes, masks on no object as a share, and what is between key frames."""
    from pipeline.evaluation.measure import measure_run
    from pipeline.evaluation.settings import EvalSettings
    from pipeline.evaluation.tracks.following import frame_overlaps

    settings = EvalSettings()
    measured = measure_run(path, truth, settings)
    scores = measured.identities
    if scores is None:
        raise SystemExit(f"{truth} has no track_id: there are no identities to measure")
    frames = frame_overlaps(measured.truth, measured.found, settings.min_side)
    drawn = sum(len(frame.track_ids) for frame in frames)
    wrong = sum(int((~(frame.iou >= 0.5).any(axis=0)).sum()) for frame in frames)
    between = [frame.iou.max(axis=1, initial=0) for place, frame in enumerate(frames) if place not in keys]
    lying = np.concatenate([np.zeros(0), *between])
    curves = [one.mask for one in measured.classes]
    return {
        "switches": scores.switches,
        "idf1": scores.idf1,
        "hota": scores.hota,
        "recall": scores.id_recall,
        "ap": _mean([curve.ap for curve in curves]),
        "ap50": _mean([curve.ap50 for curve in curves]),
        "false": wrong / max(drawn, 1),
        "between": float(lying[lying >= 0.5].mean()) if (lying >= 0.5).any() else None,
    }


def _mean(values: Sequence[float | None]) -> float:
    return float(np.mean([value for value in values if value is not None]))


def _print(rows: Sequence[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
