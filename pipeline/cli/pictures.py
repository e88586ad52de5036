"""The picture jobs of `run` and `submit`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

from pipeline.cli.help_texts import default_of
from pipeline.cli.picture_progress import picture_progress
from pipeline.cli.say import say
from pipeline.errors import InputError, UsageError
from pipeline.job.arguments import options_of_pictures
from pipeline.job.options import OPTIONS
from pipeline.structures.address import at_disk
from pipeline.terminal import one_line

if TYPE_CHECKING:
    from pipeline.job.request import JobRequest
    from pipeline.pictures.job import PictureJob, PictureResult

#: Most bytes of a line on standard input; no path is longer.
_LONGEST_LINE = 4096


def make_pictures(requests: Sequence[JobRequest], given: Iterable[str], arguments: argparse.Namespace) -> int:
    """Do the jobs one after the other; the exit code.

    given : names of the options on the command line. Raises UsageError for one that applies to videos only.
    """
    from pipeline.pictures.pairs import check_jobs

    given = frozenset(given)
    jobs = [_job(request, given) for request in requests]
    regions = [picture for request in requests for picture in request.regions]
    check_jobs([(job.inputs, job.output, job.listed) for job in jobs], regions)
    asked = [job for request, job in zip(requests, jobs, strict=True) if _asks("quality", request, given)]
    _refuse_needless_quality(asked)
    if arguments.dry_run:
        return _show_plan(jobs, arguments.json)
    return _work(jobs, arguments)


def _job(request: JobRequest, given: Collection[str]) -> PictureJob:
    from pipeline.pictures.job import PictureJob

    _refuse_options_of_videos(request, given)
    settings = request.settings
    inputs, listed = _with_lists_read(request.inputs)
    return PictureJob(
        inputs=inputs,
        output=request.output,
        listed=listed,
        segment=settings.segment,
        track=settings.track,
        render=settings.render,
        write=settings.pictures,
        force=settings.run.force,
        skip=settings.run.skip,
    )


def _with_lists_read(inputs: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The inputs, with FROM_LIST for the first of the lists among them, and the names in all of these in order."""
    from pipeline.job.inputs import is_list, names_in
    from pipeline.pictures.pairs import FROM_LIST

    kept: list[str] = []
    listed: list[str] = []
    for name in inputs:
        if name == FROM_LIST:
            listed += _listed()
        elif is_list(name) and not os.path.isdir(name):  # noqa: PTH112  # a name may be too long to be looked up
            listed += map(at_disk, names_in(name))
        else:
            kept.append(name)
            continue
        if FROM_LIST not in kept:
            kept.append(FROM_LIST)
    return tuple(kept), tuple(listed)


def _listed() -> tuple[str, ...]:
    """The lines on standard input, which are names in the system's bytes. Raises InputError for what is none."""
    from pipeline.job.inputs import VIDEO_SUFFIXES

    names = []
    for line in iter(partial(sys.stdin.buffer.readline, _LONGEST_LINE), b"") if sys.stdin is not None else ():
        if b"\0" in line or len(line) == _LONGEST_LINE:
            raise InputError(
                "Standard input is no list of names, a line each.",
                found=f"{line[:20]!r}...",
                do="save a picture or video to a file first, and name that",
            )
        names.append(os.fsdecode(line))
        if PurePath(names[-1].strip()).suffix.lower() in VIDEO_SUFFIXES:
            raise InputError(
                "The list on standard input may name pictures only.",
                found=names[-1].strip(),
                do="write the names of videos to a file: seg-video list.txt out/",
            )
    return tuple(names)


def _refuse_options_of_videos(request: JobRequest, given: Collection[str]) -> None:
    """Raise UsageError for such an option; those of a job file are recognised by values other than the default."""
    alike = {option.name for option in options_of_pictures()}
    taken = {"force", "no-clobber", "quality", "batch", *alike}
    for name in OPTIONS:
        if name not in taken and _asks(name, request, given):
            raise UsageError(f"--{name} applies to videos only.", do="leave it out for pictures")


def _asks(name: str, request: JobRequest, given: Collection[str]) -> bool:
    """True for an option of the command line, or one that a job file has with a value other than the default."""
    option = OPTIONS[name]
    return name in given or getattr(getattr(request.settings, option.room), option.field) != default_of(
        option
    )


def _refuse_needless_quality(jobs: Sequence[PictureJob]) -> None:
    """Raise UsageError where no output of these jobs, which ask for a quality, is of a kind that has one."""
    from pipeline.pictures.kinds import LOSSY, kind_of_name
    from pipeline.pictures.pairs import picture_pairs

    outputs = [
        pair.output for job in jobs for pair in picture_pairs(job.inputs, job.output, listed=job.listed)
    ]
    if outputs and not any(kind_of_name(output) in LOSSY for output in outputs):
        raise UsageError(
            "--quality applies to JPEG, WebP and AVIF only, and no output is one of these.",
            found=str(outputs[0]),
            do="leave it out, or name outputs that end in .jpg, .webp or .avif",
        )


def _show_plan(jobs: Sequence[PictureJob], as_json: bool) -> int:
    from pipeline.cli.model_cost import model_cost
    from pipeline.pictures.pairs import picture_pairs

    pairs = [pair for job in jobs for pair in picture_pairs(job.inputs, job.output, listed=job.listed)]
    download = sum(model_cost(model).download_mb for model in {job.segment.model for job in jobs})
    if as_json:
        record = [{"source": str(pair.source), "output": str(pair.output)} for pair in pairs]
        say(json.dumps({"pictures": record, "download_mb": download}, indent=1))
        return 0
    for pair in pairs:
        there = " (exists)" if pair.output.exists() else ""
        say(f"{one_line(str(pair.source))} -> {one_line(str(pair.output))}{there}")
    say(f"{len(pairs)} picture{'s' * (len(pairs) > 1)}")
    if download:
        say(f"plus a download of {download:.0f} MB of weights first")
    return 0


def _work(jobs: Sequence[PictureJob], arguments: argparse.Namespace) -> int:
    from pipeline.pictures.batch import picture_exit_code, segment_pictures
    from pipeline.run.stopping import StopSignal
    from pipeline.workers.allocator import keep_memory

    keep_memory()
    results: list[PictureResult] = []
    with StopSignal().listening() as stop, picture_progress(arguments.progress, arguments.quiet) as listener:
        for job in jobs:
            results += segment_pictures(job, listener, lambda: stop.asked)
    if arguments.json:
        say(json.dumps({"pictures": [result.record() for result in results]}, indent=1))
    return picture_exit_code(results)
