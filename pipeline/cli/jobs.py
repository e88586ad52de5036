"""Run the jobs of a command, or estimate them: progress goes to stderr, results to stdout."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cli.picture_inputs import are_pictures
from pipeline.cli.say import complain, say
from pipeline.errors import ChunksFailedError, UsageError
from pipeline.job.inputs import check_together, is_listing
from pipeline.job.resolve import resolve
from pipeline.terminal import one_line

if TYPE_CHECKING:
    from pipeline.job.request import JobRequest
    from pipeline.record.listing import ListingStatus
    from pipeline.run.estimate import Estimate, LeftAlone
    from pipeline.run.report.reporter import ConsoleReporter, JsonReporter, SilentReporter
    from pipeline.run.report.speeds import Speeds
    from pipeline.run.run_videos import VideoResult
    from pipeline.run.stopping import StopSignal


def make_outputs(requests: Sequence[JobRequest], given: Iterable[str], arguments: argparse.Namespace) -> int:
    """Do the jobs of a command, or with --dry-run say what would be done; the exit code."""
    tell = (lambda text: None) if arguments.quiet else complain
    of_pictures = [are_pictures(request.inputs, tell) for request in requests]
    if all(of_pictures):
        from pipeline.cli.pictures import make_pictures

        return make_pictures(requests, given, arguments)
    if any(of_pictures):
        raise UsageError("Some of the jobs are for pictures, others for videos.", do="submit them separately")
    check_together(
        [
            (request.inputs, request.output, request.settings.run.work_dir)
            for request in requests
            if not is_listing(request.inputs, request.output)
        ]
    )
    if arguments.dry_run:
        return _show_estimates(requests, arguments.json)
    return make_videos(requests, arguments)


def make_videos(requests: Sequence[JobRequest], arguments: argparse.Namespace) -> int:
    """Do the jobs one after the other; the exit code, as run_videos.exit_code has it."""
    from pipeline.run.report.bill import Bill
    from pipeline.run.report.speeds import SpeedListener, Speeds
    from pipeline.run.run_listing import run_listing
    from pipeline.run.run_videos import exit_code, run_videos
    from pipeline.run.stopping import StopSignal
    from pipeline.weights.cache import WeightsCache

    results: list[VideoResult] = []
    listings: list[ListingStatus] = []
    speeds = Speeds(WeightsCache.at().folder)
    with StopSignal().listening() as stop:
        reporter = _reporter(arguments, stop, speeds)
        bill = Bill(reporter)
        try:
            for request in requests:
                listener = SpeedListener(bill, speeds, resolve(request.settings))
                if is_listing(request.inputs, request.output):
                    listings.append(run_listing(request, listener, stop))
                else:
                    results += run_videos(request, listener, stop, alone=len(requests) == 1)
        finally:
            total = bill.total()
            reporter.tell(total)
            reporter.close()
    if arguments.json:
        record = {
            "videos": [_video_record(result) for result in results],
            "listings": list(map(dataclasses.asdict, listings)),
            "bill": dataclasses.asdict(total),
        }
        say(json.dumps(record, indent=1))
    is_left = any(listing.left for listing in listings)
    return max(exit_code(results), ChunksFailedError.exit_code if is_left else 0)


def _reporter(
    arguments: argparse.Namespace, stop: StopSignal, speeds: Speeds
) -> ConsoleReporter | JsonReporter | SilentReporter:
    """The reporter that the options ask for, on stderr, or on nothing if stderr is closed."""
    from pipeline.run.report.reporter import ConsoleReporter, JsonReporter, SilentReporter

    stream = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    if arguments.progress == "json":
        return JsonReporter(stream)
    if arguments.quiet:
        return SilentReporter(stream)
    return ConsoleReporter(stream, stop, speeds.latest())


def _video_record(result: VideoResult) -> dict[str, object]:
    return {
        "source": str(result.source),
        "output": str(result.output),
        "state": result.state,
        "error": None if result.error is None else str(result.error),
        **({} if result.facts is None else dataclasses.asdict(result.facts)),
    }


def _show_estimates(requests: Sequence[JobRequest], as_json: bool) -> int:
    """Print what the jobs would do and cost, without opening the videos of a listing."""
    from pipeline.cli.model_cost import model_cost
    from pipeline.run.estimate import estimate
    from pipeline.run.report.speeds import Speeds
    from pipeline.weights.cache import WeightsCache

    speeds = Speeds(WeightsCache.at().folder)
    videos: list[Estimate | LeftAlone] = []
    listings: list[dict[str, object]] = []
    downloads: dict[str, float] = {}
    for request in requests:
        cost = model_cost(request.settings.segment.model)
        downloads[request.settings.segment.model] = cost.download_mb
        if is_listing(request.inputs, request.output):
            listings.append(_counted_listing(request))
        else:
            videos += estimate(request, speeds, cost.factor)
    download_mb = sum(downloads.values())
    if as_json:
        record = {"videos": [dataclasses.asdict(entry) for entry in videos], "listings": listings}
        say(json.dumps({**record, "download_mb": download_mb}, indent=1))
    else:
        _say_estimates(videos, listings, download_mb)
    return 0


def _say_estimates(
    videos: Sequence[Estimate | LeftAlone], listings: Sequence[Mapping[str, Any]], download_mb: float
) -> None:
    from pipeline.run.estimate import Estimate
    from pipeline.run.report.status_line import clock

    for entry in videos:
        say(_in_words(entry))
    for listing in listings:
        say(f"{listing['videos']} videos, {listing['bytes'] / 1e9:.1f} GB")
    work = [entry for entry in videos if isinstance(entry, Estimate)]
    if len(work) > 1:
        seconds, disk = sum(entry.seconds for entry in work), sum(entry.disk_mb for entry in work)
        frames = sum(entry.frames for entry in work)
        say(f"{len(work)} videos: {frames} frames, about {clock(seconds)}, {disk:.0f} MB of disk")
    if (work or listings) and download_mb:
        say(f"plus a download of {download_mb:.0f} MB of weights first")
    if not all(entry.measured for entry in work):
        say("the time is a guess: such a run has not been measured on this machine yet")


def _counted_listing(request: JobRequest) -> dict[str, object]:
    from pipeline.run.run_listing import videos_and_targets

    count = nbytes = 0
    for found, _ in videos_and_targets(request):
        count, nbytes = count + 1, nbytes + (found.size or 0)
    return {"videos": count, "bytes": nbytes, "output": request.output}


def _in_words(entry: Estimate | LeftAlone) -> str:
    from pipeline.run.estimate import Estimate
    from pipeline.run.report.sentences import kept, skipped
    from pipeline.run.report.status_line import clock

    if not isinstance(entry, Estimate):
        return kept(entry.output) if entry.state == "kept" else skipped(entry.output)
    return (
        f"{one_line(entry.source)} -> {one_line(entry.output)}: {entry.frames} frames, "
        f"about {clock(entry.seconds)} at {entry.frames_per_second:.1f} frames/s, {entry.disk_mb:.0f} MB of disk"
    )
