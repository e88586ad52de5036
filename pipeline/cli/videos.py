"""The commands that make videos and pictures: run, submit, resume, render."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.address_space import check_address_space
from pipeline.cli.command import Command
from pipeline.cli.help_texts import help_of
from pipeline.cli.parser import refuse_other_inputs
from pipeline.cli.picture_inputs import are_pictures
from pipeline.cli.say import complain, say
from pipeline.errors import ChunksFailedError, SegVideoError, UsageError
from pipeline.job.arguments import add_job_options, given_options, inputs_and_output, options_of
from pipeline.job.inputs import check_together
from pipeline.job.options import OPTIONS
from pipeline.terminal import one_line

if TYPE_CHECKING:
    from pipeline.job.request import JobRequest
    from pipeline.run.report.reporter import ConsoleReporter, JsonReporter, SilentReporter
    from pipeline.run.report.speeds import Speeds
    from pipeline.run.run_videos import VideoResult
    from pipeline.run.stopping import StopSignal


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="videos or pictures, folders or patterns of them, - for a list of pictures on standard input, and "
        "last the output: a file, a folder or a template such as out/{stem}_seg.mp4; without it <stem>_seg.mp4 (of a "
        "picture: its own ending) in the current folder",
    )
    parser.add_argument("-o", "--output", help="the output; then all paths are inputs")
    add_job_options(parser, OPTIONS.values(), help_of)
    _add_job_extras(parser)


def _add_job_extras(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--quality",
        type=int,
        metavar="N",
        help="of pictures: JPEG, WebP and AVIF, 1 to 100, larger is better (95)",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and start nothing")
    _add_console_options(parser)


def _add_console_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="say nothing but what goes wrong")
    parser.add_argument(
        "--progress",
        choices=("bar", "json"),
        default="bar",
        help="on stderr: a bar, or JSON a line (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="the results as one JSON object on stdout")


def _run(arguments: argparse.Namespace) -> int:
    from pipeline.job.request import make_request

    inputs, output = inputs_and_output(arguments.paths, arguments.output)
    refuse_other_inputs(inputs)
    given = given_options(arguments, OPTIONS.values())
    return _make([make_request(inputs, output, given)], given, arguments)


def _make(requests: Sequence[JobRequest], given: Iterable[str], arguments: argparse.Namespace) -> int:
    """Do the jobs, or say what would be done; videos one way, pictures another."""
    check_address_space()
    tell = (lambda text: None) if arguments.quiet else complain
    of_pictures = [are_pictures(request.inputs, tell) for request in requests]
    if all(of_pictures):
        from pipeline.cli.pictures import make_pictures

        return make_pictures(requests, given, arguments)
    if any(of_pictures):
        raise UsageError("Some jobs are of pictures, others of videos.", do="submit them apart")
    if arguments.quality is not None:
        raise UsageError("--quality is for pictures.", do="for videos there is --crf")
    check_together([(request.inputs, request.output) for request in requests])
    if arguments.dry_run:
        return max(_show_estimate(request, arguments.json) for request in requests)
    return _work(requests, arguments)


def _work(requests: Sequence[JobRequest], arguments: argparse.Namespace) -> int:
    """Do the jobs, one after the other; the exit code of the first that fails, 4 where only some did."""
    from pipeline.run.report.speeds import SpeedListener, Speeds
    from pipeline.run.run_videos import exit_code, run_videos
    from pipeline.run.stopping import StopSignal
    from pipeline.weights.cache import WeightsCache

    results: list[VideoResult] = []
    speeds = Speeds(WeightsCache.at().folder)
    with StopSignal().listening() as stop:
        reporter = _reporter(arguments, stop, speeds)
        try:
            for request in requests:
                listener = SpeedListener(reporter, speeds, request.settings.run.workers)
                results += run_videos(request, listener, stop, alone=len(requests) == 1)
        finally:
            reporter.close()
    if arguments.json:
        say(json.dumps({"videos": [_video_record(result) for result in results]}, indent=1))
    return exit_code(results)


def _reporter(
    arguments: argparse.Namespace, stop: StopSignal, speeds: Speeds
) -> ConsoleReporter | JsonReporter | SilentReporter:
    """Whoever tells of the work, on stderr, or to nobody where that is closed."""
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
        **result.facts,
    }


def _add_submit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="JOB.yaml", help="job files")
    add_job_options(parser, OPTIONS.values(), help_of)
    _add_job_extras(parser)


def _submit(arguments: argparse.Namespace) -> int:
    from pipeline.job.job_file import read_job_file

    given = given_options(arguments, OPTIONS.values())
    if given.get("cluster", "").startswith(("http://", "https://")):
        return _hand_over(arguments.files, given.pop("cluster"))
    requests = [request for file in arguments.files for request in read_job_file(file, given)]
    return _make(requests, given, arguments)


def _hand_over(files: Sequence[Path], address: str) -> int:
    """Let a cluster do the jobs, and follow what it says."""
    from pipeline.run.hand_over import hand_over

    return max(hand_over(file, address, lambda text: say(text, end="")) for file in files)


def _add_resume_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name",
        nargs="?",
        help="a run's folder, an output, a job file, or a folder, all of whose unfinished runs are meant; "
        "without it the latest run here",
    )
    add_job_options(parser, options_of("run"), help_of)
    parser.set_defaults(quality=None, dry_run=False)
    _add_console_options(parser)


def _resume(arguments: argparse.Namespace) -> int:
    from pipeline.job.job_file import read_job_file
    from pipeline.job.request import by_room

    given = given_options(arguments, options_of("run"))
    if arguments.name is not None and Path(arguments.name).suffix in (".yaml", ".yml"):
        return _make(read_job_file(Path(arguments.name), given), given, arguments)
    requests, unread = _unfinished(arguments.name)
    if not requests and unread:
        return unread
    if not requests:
        say(f"{arguments.name}: every run in this folder is done, and there is nothing to go on with")
        return 0
    changes = by_room(given)
    changed = [
        dataclasses.replace(request, settings=request.settings.with_changes(changes)) for request in requests
    ]
    return _work(changed, arguments) or unread


def _unfinished(name: str | None) -> tuple[list[JobRequest], int]:
    """The jobs that go on with the run of this name, or with the runs of this folder that are not done.

    Also the exit code: 4 where a run of the folder cannot be read; which one is told, and it hides no other.
    """
    from pipeline.cli.named_runs import runs_called, status_of
    from pipeline.record.find_run import find_run, request_of

    if name is None:
        return [request_of(find_run(None))], 0
    runs = runs_called([name])
    if len(runs) == 1 and not runs[0].in_folder:
        return [request_of(runs[0].folder)], 0
    requests, code = [], 0
    for run in reversed(runs):
        try:
            if status_of(run.folder).resume:
                requests.append(request_of(run.folder))
        except SegVideoError as error:
            complain(f"{run.folder}: {one_line(str(error))}")
            code = ChunksFailedError.exit_code
    return requests, code


def _add_render_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="RUN", help="a finished run's folder, or its output")
    parser.add_argument("output", help="the new video")
    add_job_options(parser, options_of("render", "encode", "run"), help_of)
    _add_console_options(parser)


def _render(arguments: argparse.Namespace) -> int:
    from pipeline.job.request import by_room
    from pipeline.record.find_run import find_run
    from pipeline.run.rerender import rerender

    changes = by_room(given_options(arguments, options_of("render", "encode", "run")))
    return _work([rerender(find_run(arguments.name), arguments.output, changes)], arguments)


def _show_estimate(request: JobRequest, as_json: bool) -> int:
    from pipeline.cli.model_cost import model_cost
    from pipeline.run.estimate import estimate
    from pipeline.run.report.speeds import Speeds
    from pipeline.weights.cache import WeightsCache

    cost = model_cost(request.settings.segment.model)
    found = estimate(request, Speeds(WeightsCache.at().folder), cost.factor)
    if as_json:
        record = {"videos": [dataclasses.asdict(entry) for entry in found], "download_mb": cost.download_mb}
        say(json.dumps(record, indent=1))
        return 0
    for entry in found:
        say(
            f"{one_line(entry.source)} -> {one_line(entry.output)}: {entry.frames} frames in {entry.chunks} chunks, "
            f"about {entry.minutes:.1f} min ({entry.frames_per_second:.1f} frames/s) and {entry.disk_mb:.0f} MB of disk"
        )
    if len(found) > 1:
        minutes, disk = sum(entry.minutes for entry in found), sum(entry.disk_mb for entry in found)
        frames = sum(entry.frames for entry in found)
        say(f"{len(found)} videos: {frames} frames, about {minutes:.1f} min and {disk:.0f} MB of disk")
    if cost.download_mb:
        say(f"before that, {cost.download_mb:.0f} MB of weights are fetched")
    if found and not all(entry.measured for entry in found):
        say("the time is a guess: no run with this network was measured on this machine yet")
    return 0


VIDEO_COMMANDS = (
    Command(
        "run",
        "the same videos or pictures, plus masks",
        _add_run_arguments,
        _run,
        examples=(
            "seg-video in.mp4 out.mp4",
            "seg-video drives/ out/ --classes person,car",
            "seg-video 'drives/*.mp4' -o 'out/{stem}_seg.mp4' --conf 0.4 --style boxes,labels",
            "seg-video in.mp4 out.mp4 --dry-run",
            "seg-video photo.jpg out.jpg",
            "seg-video pictures/ out/ --quality 90",
        ),
    ),
    Command(
        "submit",
        "do the jobs of YAML files, here or on a cluster",
        _add_submit_arguments,
        _submit,
        examples=("seg-video submit jobs/*.yaml", "seg-video submit --cluster http://HEAD:8265 JOB.yaml"),
    ),
    Command(
        "resume",
        "go on with a run where it stopped",
        _add_resume_arguments,
        _resume,
        examples=("seg-video resume", "seg-video resume out.mp4", "seg-video resume out/"),
    ),
    Command(
        "render",
        "another video of what a run has found",
        _add_render_arguments,
        _render,
        examples=("seg-video render out.mp4 boxes.mp4 --style boxes,labels",),
    ),
)
