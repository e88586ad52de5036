"""The run, submit, resume and render commands."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.command import Command
from pipeline.cli.help_texts import help_of, help_of_a_change
from pipeline.cli.jobs import make_outputs, make_videos
from pipeline.cli.parser import refuse_other_inputs
from pipeline.cli.say import complain, say
from pipeline.errors import ChunksFailedError, SegVideoError, UsageError
from pipeline.job.arguments import add_job_options, given_options, inputs_and_output, options_of
from pipeline.job.options import OPTIONS
from pipeline.loading.given import Given
from pipeline.terminal import one_line

if TYPE_CHECKING:
    from pipeline.job.request import JobRequest


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="the inputs, then the output. Inputs: videos or pictures, folders or patterns of them, addresses such as "
        "s3://bucket/drive.mp4, prefixes that end in /, a .txt with one name per line, or - for a list of pictures on "
        "standard input. Output: a file, a folder or a template such as out/{stem}_seg.mp4; if there is only one path, "
        "<stem>_seg.mp4 in the current folder (for a picture with its own ending)",
    )
    parser.add_argument("-o", "--output", metavar="OUTPUT", help="the output; all paths are then inputs")
    add_job_options(parser, OPTIONS.values(), help_of)
    _add_job_extras(parser)


def _add_job_extras(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="say what would be done without doing it")
    _add_console_options(parser)


def _add_console_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-q", "--quiet", action="store_true", help="print only warnings and errors")
    parser.add_argument(
        "--progress",
        choices=("bar", "json"),
        default="bar",
        help="progress on stderr: a bar, or JSON lines (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the results as one JSON object on stdout")


def _run(arguments: argparse.Namespace) -> int:
    from pipeline.job.request import make_request

    inputs, output = inputs_and_output(arguments.paths, arguments.output)
    refuse_other_inputs(inputs)
    given = given_options(arguments, OPTIONS.values())
    return make_outputs([make_request(inputs, output, Given.of_flags(given))], given, arguments)


def _add_submit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="JOB.yaml", help="job files")
    parser.add_argument(
        "--ship",
        action="store_true",
        help="with --cluster http://...: send this package along, to machines that have only its dependencies",
    )
    add_job_options(parser, OPTIONS.values(), help_of)
    _add_job_extras(parser)


def _submit(arguments: argparse.Namespace) -> int:
    from pipeline.job.job_file import read_job_file

    given = given_options(arguments, OPTIONS.values())
    if given.get("cluster", "").startswith(("http://", "https://")):
        return _hand_over(arguments.files, given.pop("cluster"), arguments.ship)
    if arguments.ship:
        raise UsageError("--ship applies only to jobs for a cluster.", do="add --cluster http://HEAD:8265")
    requests = [request for file in arguments.files for request in read_job_file(file, given)]
    return make_outputs(requests, given, arguments)


def _hand_over(files: Sequence[Path], address: str, shipped: bool) -> int:
    """Hand the jobs to a cluster and print their output; the exit code."""
    from pipeline.run.hand_over import hand_over

    def begun(job: str) -> None:
        complain(
            f"job {job} runs on without this command; stop it with: ray job stop {job} --address {address}"
        )

    def listen(text: str) -> None:
        say(text, end="")

    return max(hand_over(file, address, begun, listen, shipped=shipped) for file in files)


def _add_resume_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="a run's folder, its output, a job file, or a folder whose unfinished runs are all resumed "
        "(default: the latest run in the current folder)",
    )
    add_job_options(parser, options_of("run"), help_of)
    parser.set_defaults(dry_run=False)
    _add_console_options(parser)


def _resume(arguments: argparse.Namespace) -> int:
    from pipeline.job.job_file import read_job_file
    from pipeline.job.request import by_room

    given = given_options(arguments, options_of("run"))
    if arguments.name is not None and Path(arguments.name).suffix in (".yaml", ".yml"):
        return make_outputs(read_job_file(Path(arguments.name), given), given, arguments)
    requests, unread = _unfinished(arguments.name)
    if not requests and unread:
        return unread
    if not requests:
        say(f"{arguments.name}: every run in this folder is done")
        return 0
    changes = by_room(Given.of_flags(given))
    changed = [
        dataclasses.replace(request, settings=request.settings.with_changes(changes)) for request in requests
    ]
    return make_videos(changed, arguments) or unread


def _unfinished(name: str | None) -> tuple[list[JobRequest], int]:
    """The jobs that resume the run of this name, or the unfinished runs of this folder; and an exit code.

    The exit code is 4 if a run of the folder cannot be read, which is reported and does not keep the others from it.
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
    parser.add_argument(
        "name",
        metavar="RUN",
        help="a finished run: its folder or its output; what no option changes stays as it is there",
    )
    parser.add_argument("output", metavar="OUT", help="the new video")
    add_job_options(parser, options_of("render", "encode", "run"), help_of_a_change)
    _add_console_options(parser)


def _render(arguments: argparse.Namespace) -> int:
    from pipeline.job.request import by_room
    from pipeline.record.find_run import find_run
    from pipeline.run.rerender import rerender

    changes = by_room(Given.of_flags(given_options(arguments, options_of("render", "encode", "run"))))
    return make_videos([rerender(find_run(arguments.name), arguments.output, changes)], arguments)


VIDEO_COMMANDS = (
    Command(
        "run",
        "make the same videos or pictures, plus masks",
        _add_run_arguments,
        _run,
        examples=(
            "seg-video in.mp4 out.mp4",
            "seg-video drives/ out/ --classes person,car",
            "seg-video 'drives/*.mp4' -o 'out/{stem}_seg.mp4' --conf 0.4 --style boxes,labels",
            "seg-video in.mp4 part.mp4 --start 1:30 --duration 20",
            "seg-video in.mp4 out.mp4 --dry-run",
            "seg-video photo.jpg out.jpg",
            "seg-video pictures/ out/ --quality 90",
        ),
    ),
    Command(
        "submit",
        "run the jobs of YAML files, here or on a cluster",
        _add_submit_arguments,
        _submit,
        examples=("seg-video submit jobs/*.yaml", "seg-video submit --cluster http://HEAD:8265 JOB.yaml"),
    ),
    Command(
        "resume",
        "continue a run where it stopped",
        _add_resume_arguments,
        _resume,
        examples=("seg-video resume", "seg-video resume out.mp4", "seg-video resume out/"),
    ),
    Command(
        "render",
        "make another video from what a run has found, without running the network",
        _add_render_arguments,
        _render,
        examples=("seg-video render out.mp4 boxes.mp4 --style boxes,labels",),
    ),
)
