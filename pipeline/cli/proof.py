"""The verify and manifest commands."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.command import Command, aligned
from pipeline.cli.help_texts import help_of
from pipeline.cli.say import complain, say
from pipeline.errors import UsageError
from pipeline.job.arguments import add_job_options, given_options
from pipeline.job.options import OPTIONS
from pipeline.loading.given import Given
from pipeline.structures.address import place_of

if TYPE_CHECKING:
    from pipeline.proof.verify import Proof

_STATES = {True: "ok", False: "DIFFERS", None: "unchecked"}

#: Options that say how the source was read.
_READING = [OPTIONS[name] for name in ("frames-as-video", "start", "end", "duration", "keep-times")]

#: Exit code for files that can be read but are not what they should be.
DIFFERS = 1


def _add_verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Read both files completely and compare them.\n\n"
        "Exit code 0: the output is the same video plus masks; 1: something differs; 3: a file cannot be read."
    )
    parser.add_argument("input", metavar="IN", help="the source")
    parser.add_argument("output", metavar="OUT", help="the output that was made of it")
    add_job_options(parser, _READING, help_of)
    parser.add_argument("--quick", action="store_true", help="compare packets without decoding them")
    parser.add_argument(
        "--least-psnr",
        type=float,
        metavar="DB",
        help="minimum PSNR of unpainted pixels (30; less if the run asked for lower quality)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")


def _verify(arguments: argparse.Namespace) -> int:
    from pipeline.job.request import make_request
    from pipeline.proof.verify import verify

    _refuse_pictures(arguments.input, arguments.output)
    request = make_request((arguments.input,), None, Given.of_flags(given_options(arguments, _READING)))
    proof = verify(
        place_of(request.inputs[0]),
        place_of(arguments.output),
        quick=arguments.quick,
        least_psnr_db=arguments.least_psnr,
        part=request.settings.decode,
    )
    if arguments.json:
        say(json.dumps({**dataclasses.asdict(proof), "holds": proof.holds}, indent=1))
    else:
        _show(proof)
    return 0 if proof.holds else DIFFERS


def _refuse_pictures(source: str, output: str) -> None:
    """Raise UsageError for the name of a picture; a GIF can be the source of a video."""
    from pipeline.pictures.kinds import is_picture

    for name in (output, source):
        if is_picture(Path(name)) and (name == output or Path(name).suffix.lower() != ".gif"):
            raise UsageError(
                "verify compares videos, and has no proof of pictures.",
                found=name,
                do="name a video and the output that was made of it",
            )


def _show(proof: Proof) -> None:
    rows = [("CHECK", "", "SOURCE", "OUTPUT", "")]
    for check in proof.checks:
        rows.append((check.name, _STATES[check.holds], check.source, check.output, check.note))
    for line in aligned(rows):
        say(line)
    differing = sum(check.holds is False for check in proof.checks)
    unchecked = sum(check.holds is None for check in proof.checks)
    same = (
        "the same video" if proof.part is None else f"the same video as that part of the source: {proof.part}"
    )
    verdict = f"{_checks(differing)} failed" if differing else same
    say(f"\n{proof.output}: {verdict}{f', {_checks(unchecked)} could not be made' if unchecked else ''}")


def _checks(count: int) -> str:
    return f"{count} check{'s' if count > 1 else ''}"


def _add_manifest_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print a run's record as JSON: settings, versions, and the SHA-256 of its files.\n\n"
        "Exit code 1 if a file has changed since."
    )
    parser.add_argument("name", metavar="OUT", help="an output, or its run's folder")


def _show_manifest(arguments: argparse.Namespace) -> int:
    from pipeline.record.evidence import evidence
    from pipeline.record.find_run import find_run

    found = evidence(find_run(arguments.name))
    say(json.dumps(found.record, indent=1))
    if not found.intact:
        complain(f"{arguments.name} has changed since it was made, see `unchanged` in the record")
    return 0 if found.intact else DIFFERS


PROOF_COMMANDS = (
    Command(
        "verify",
        "check that an output is its source plus masks",
        _add_verify_arguments,
        _verify,
        examples=(
            "seg-video verify in.mp4 out.mp4",
            "seg-video verify in.mp4 out.mp4 --quick --json",
            "seg-video verify in.mp4 part.mp4 --start 1:30 --duration 20   # without the run's record",
        ),
    ),
    Command(
        "manifest",
        "print the record of a run, with the hashes of its files",
        _add_manifest_arguments,
        _show_manifest,
        examples=("seg-video manifest out.mp4 > out.json",),
        only_prints=True,
    ),
)
