"""The eval command."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.command import Command, aligned
from pipeline.cli.required import require_extra
from pipeline.cli.say import say
from pipeline.errors import UsageError
from pipeline.files import RUN_SUFFIX, make_folder
from pipeline.record.run_folder import RunFolder
from pipeline.segment.settings import SegmentSettings
from pipeline.structures.computing import PRECISIONS

if TYPE_CHECKING:
    from pipeline.evaluation.evaluate import Evaluation
    from pipeline.evaluation.settings import EvalSettings

#: Options that say what counts as an object, and all that do not apply everywhere.
_THRESHOLDS = ("conf", "min_score", "min_side")
_NOT_EVERYWHERE = (
    "model", "detections", "thorough", "precision", "only", "sequences", "source", "view", "limit", *_THRESHOLDS, "out",
)  # fmt: skip


def _add_eval_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "data",
        metavar="DATA",
        help="a folder of pictures with COCO annotations, or one with images/ and labels/ for a network that gives "
        "every pixel a class; with --truth a finished run (its folder, its output or its detections.parquet) or a "
        "folder made by `seg-video export --format panoptic`",
    )
    parser.add_argument(
        "--truth",
        type=Path,
        metavar="TRUTH.json",
        help="the labels of the run's video; for a panoptic folder, a COCO panoptic file",
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        help=f"weights to run on the pictures: a name or a path (default: {SegmentSettings().model})",
    )
    parser.add_argument(
        "--detections",
        type=_count,
        metavar="N",
        help="at most N objects per picture (default: as the weights say)",
    )
    parser.add_argument(
        "--thorough", action="store_true", default=None, help="look at each picture six times, as with videos"
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        metavar="NAME",
        help=f"number format that the network computes in (one of {', '.join(PRECISIONS)}; default: auto)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="write metrics.json, precision_recall.png and worst.png to this folder",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the figures as one JSON object instead of tables"
    )
    _add_threshold_arguments(parser)
    _add_choice_arguments(parser)


def _add_threshold_arguments(parser: argparse.ArgumentParser) -> None:
    from pipeline.evaluation.settings import EvalSettings

    defaults, thresholds = EvalSettings(), parser.add_argument_group("what counts")
    for name, metavar, what, default in (
        ("conf", "SCORE", "minimum score of an object that counts as found", defaults.conf),
        ("min-score", "SCORE", "minimum score of a detection that counts for AP", defaults.min_score),
        ("min-side", "PX", "minimum width and height of an object that counts, in px", defaults.min_side),
    ):
        thresholds.add_argument(
            f"--{name}", type=float, metavar=metavar, help=f"{what} (default: {default:g})"
        )


def _add_choice_arguments(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_argument_group("which pictures of the folder")
    choice.add_argument(
        "--only", type=Path, metavar="LIST_FILE", help="those in this list, one name per line"
    )
    choice.add_argument("--sequences", type=_names, metavar="A,B", help="those of these drives or cities")
    choice.add_argument("--source", type=_names, metavar="A,B", help="those of these sources")
    choice.add_argument("--view", metavar="VIEW", help="those of this view, `driver` or `other`")
    choice.add_argument("--limit", type=_count, metavar="N", help="at most N of them, evenly spread")


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _count(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 up, found {text!r}")
    return int(text)


def _eval(arguments: argparse.Namespace) -> int:
    require_extra("measuring")
    from pipeline.training.quiet import quiet_tensorflow

    with quiet_tensorflow():  # only now, as it takes seconds to load
        from pipeline.evaluation.report import as_tables, as_values
    from pipeline.evaluation.settings import EvalSettings
    from pipeline.evaluation.write_results import write_results

    given = {name: getattr(arguments, name) for name in _THRESHOLDS}
    settings = EvalSettings(**{name: value for name, value in given.items() if value is not None})
    if arguments.truth is None and arguments.model is not None:
        from pipeline.evaluation.semantic.measure_classes import gives_pixel_classes

        if gives_pixel_classes(arguments.model):
            return _measure_classes(arguments)
    exported = Path(arguments.data) / "panoptic.json"
    if arguments.truth is not None and exported.is_file():
        return _measure_panoptic(exported, arguments)
    if arguments.truth is None:
        evaluation = _measure_pictures(arguments, settings)
    else:
        evaluation = _measure_run(arguments, settings)
    written = [] if arguments.out is None else write_results(evaluation, arguments.out)
    if arguments.json:
        say(json.dumps(as_values(evaluation), indent=1))
        return 0
    for table in as_tables(evaluation):
        say("\n".join([*aligned(table), ""]))
    for path in written:
        say(f"written: {path}")
    return 0


def _measure_panoptic(found: Path, arguments: argparse.Namespace) -> int:
    """Compare an exported COCO panoptic folder with labels of that format, and print the figures."""
    from pipeline.evaluation.panoptic_quality import measure_panoptic, panoptic_table, panoptic_values

    _refuse_all_but((), "does not apply to panoptic files", arguments)
    total = measure_panoptic(arguments.truth, found)
    if arguments.json:
        say(json.dumps(panoptic_values(total), indent=1))
    else:
        say("\n".join(aligned(list(panoptic_table(total)))))
    return 0


def _measure_classes(arguments: argparse.Namespace) -> int:
    """Run a network that gives each pixel a class, and print its figures."""
    from pipeline.evaluation.semantic.measure_classes import figures, measure_classes, table
    from pipeline.evaluation.semantic.write_classes import write_classes

    _refuse_all_but(
        ("model", "only", "limit", "out"), "applies only to networks that find objects", arguments
    )
    _make_out(arguments)
    evaluation = measure_classes(
        Path(arguments.data), arguments.model, arguments.only, arguments.limit, _progress
    )
    written = [] if arguments.out is None else write_classes(evaluation, arguments.out)
    if arguments.json:
        say(json.dumps(figures(evaluation), indent=1))
        return 0
    say("\n".join([*aligned(table(evaluation)), ""]))
    for path in written:
        say(f"written: {path}")
    return 0


def _measure_pictures(arguments: argparse.Namespace, settings: EvalSettings) -> Evaluation:
    """Run the weights over the chosen pictures of the folder."""
    from pipeline.evaluation.measure import measure_pictures
    from pipeline.labels.choose import Choice, read_list
    from pipeline.labels.coco_folder import ANNOTATIONS
    from pipeline.labels.pixel_folder import is_pixel_folder

    folder = Path(arguments.data)
    if is_pixel_folder(folder) and not any((folder / name).exists() for name in ANNOTATIONS):
        raise UsageError(
            f"{folder} has classes of pixels, and no COCO annotations to measure objects by.",
            do="name weights of `task: semantic`, or of a branch such as NAME-classes.safetensors, with --model",
        )
    if folder.is_file() or folder.name.endswith(RUN_SUFFIX):
        raise UsageError(
            f"{folder} is not a folder of pictures.",
            do="to measure a run, name its output, and give the labels of its video with --truth; to measure a video, "
            "run it first: `seg-video IN.mp4 OUT.mp4`, then `seg-video eval OUT.mp4 --truth TRUTH.json`",
        )
    choice = Choice(
        names=None if arguments.only is None else read_list(arguments.only),
        sequences=arguments.sequences,
        sources=arguments.source,
        view=arguments.view,
        limit=arguments.limit,
    )
    model = arguments.model or SegmentSettings().model
    _make_out(arguments)
    return measure_pictures(
        folder,
        model,
        choice,
        settings,
        _progress,
        arguments.detections,
        precision=arguments.precision or SegmentSettings().precision,
        thorough=bool(arguments.thorough),
    )


def _measure_run(arguments: argparse.Namespace, settings: EvalSettings) -> Evaluation:
    """Measure what the run has found."""
    from pipeline.evaluation.measure import measure_run

    _refuse_all_but((*_THRESHOLDS, "out"), "applies to pictures, --truth to a run", arguments)
    detections = _detections_of(arguments.data)
    _make_out(arguments)
    return measure_run(detections, arguments.truth, settings)


def _refuse_all_but(applies: Sequence[str], why: str, arguments: argparse.Namespace) -> None:
    """Raise UsageError for the first option that was given and does not apply."""
    for name in _NOT_EVERYWHERE:
        if name not in applies and getattr(arguments, name) is not None:
            raise UsageError(f"--{name.replace('_', '-')} {why}.", do="leave it out")


def _make_out(arguments: argparse.Namespace) -> None:
    """Make the folder of --out, if it is asked for: that it cannot be made is told before an hour of measuring."""
    if arguments.out is not None:
        make_folder(arguments.out)


def _detections_of(name: str) -> Path:
    """The detections of the run that is called by its folder, its output, or that file itself."""
    from pipeline.record.find_run import find_run

    if Path(name).suffix == ".parquet":
        return Path(name)
    try:
        folder = find_run(name)
    except UsageError as unknown:
        raise UsageError(
            f"There is no run called {name}.",
            do=f"run it first: `seg-video {name} OUT.mp4`, then `seg-video eval OUT.mp4 --truth TRUTH.json`",
        ) from unknown
    return RunFolder(folder).joined


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done}/{total} pictures", end="\n" if done == total else "", file=sys.stderr, flush=True)


MEASURING_COMMANDS = (
    Command(
        "eval",
        "measure weights on labelled pictures, or a run against the labels of its video",
        _add_eval_arguments,
        _eval,
        examples=(
            "seg-video eval DATA --model weights.safetensors --out figures",
            "seg-video eval out.mp4 --truth truth.json",
        ),
    ),
)
