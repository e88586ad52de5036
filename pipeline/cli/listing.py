"""The status command."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.command import Command, aligned
from pipeline.cli.say import complain, say
from pipeline.errors import ChunksFailedError, SegVideoError, UsageError
from pipeline.run.report.speeds import Speed, Speeds
from pipeline.run.report.status_line import clock
from pipeline.terminal import one_line

if TYPE_CHECKING:
    from pipeline.record.listing import ListingStatus
    from pipeline.record.status import RunStatus


def _add_status_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="runs, outputs, or folders that contain runs (default: the current folder)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON array, for programs")


def _show_status(arguments: argparse.Namespace) -> int:
    from pipeline.cli.named_runs import runs_called, status_of
    from pipeline.record.find_run import picture_records
    from pipeline.record.listing import find_listings

    names = arguments.names or ["."]
    listings = [record.status() for name in names for record in find_listings(Path(name))]
    runs: list[RunStatus] = []
    unreadable: list[tuple[Path, SegVideoError]] = []
    try:
        named = runs_called(names)
    except UsageError:
        if arguments.names and not listings:
            raise
        named = []
    for run in named:
        try:
            runs.append(status_of(run.folder))
        except SegVideoError as error:
            unreadable.append((run.folder, error))
    if arguments.json:
        entries: list[ListingStatus | RunStatus] = [*listings, *runs]
        say(json.dumps([dataclasses.asdict(entry) for entry in entries], indent=1))
    elif runs or listings:
        _show_listings(listings)
        _show(runs)
    elif not unreadable and (records := picture_records(Path())):
        say(
            f"there are no runs of videos in this folder, but {len(records)} of pictures: {records[0]}, for one"
        )
    elif not unreadable:
        say("there are no runs in this folder; start one with seg-video in.mp4 out.mp4")
    for folder, reason in unreadable:
        complain(f"{folder}: {one_line(str(reason))}")
    return ChunksFailedError.exit_code if unreadable else 0


def _show_listings(listings: list[ListingStatus]) -> None:
    for listing in listings:
        failed = listing.states.get("failed", 0)
        there = f"{listing.videos - listing.left} of {listing.videos} videos are there"
        say(f"{one_line(listing.output)}: {there}, {failed} failed, {listing.frames} frames")


def _show(runs: list[RunStatus]) -> None:
    if not runs:
        return
    from pipeline.weights.cache import WeightsCache

    latest = Speeds(WeightsCache.at().folder).latest()
    rows = [("STATE", "FOUND IN", "PAINTED", "FRAMES", "FRAMES/S", "LEFT", "OUTPUT")]
    for run in runs:
        rate = "-" if run.frames_per_second is None else f"{run.frames_per_second:.1f}"
        counts = (str(run.segmented), str(run.rendered), str(run.frames))
        seconds = _seconds_left(run, latest)
        rows.append((run.state, *counts, rate, "-" if seconds is None else clock(seconds), run.output))
    for line in aligned(rows):
        say(line)
    for run in runs:
        for chunk, reason in run.failed if run.state == "failed" else ():
            say(f"\n{one_line(run.output)}: chunk {chunk} failed: {one_line(reason)}")
        if run.resume:
            say(f"resume it with: {one_line(run.resume)}")


def _seconds_left(run: RunStatus, latest: Speed | None) -> float | None:
    """Seconds until the run would be done; None if it is done, or if no speed is known."""
    share = Speed.finding_share if latest is None else latest.finding_share
    rate = run.frames_per_second or (None if latest is None else latest.rate)
    if run.state == "done" or not rate:
        return None
    left = share * (run.frames - run.segmented) + (1 - share) * (run.frames - run.rendered)
    return left / rate


LISTING_COMMANDS = (
    Command(
        "status",
        "list runs, their progress and what failed",
        _add_status_arguments,
        _show_status,
        examples=("seg-video status", "seg-video status out/ other/out.mp4"),
        only_prints=True,
    ),
)
