"""The command that measures: eval."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from pipeline.cli.command import Command, aligned


def _add_eval_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, metavar="DATA", help="a folder of pictures with COCO annotations")
    parser.add_argument(
        "--model", default="dashcam-lite", metavar="NAME_OR_FILE", help="weights (dashcam-lite)"
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where metrics.json goes")
    parser.add_argument(
        "--only", type=Path, metavar="LIST_FILE", help="the pictures of this list, a name a line"
    )
    parser.add_argument(
        "--sequences", type=_names, metavar="A,B", help="the pictures of these drives or cities"
    )
    parser.add_argument("--source", type=_names, metavar="A,B", help="the pictures of these sources")
    parser.add_argument("--view", help="the pictures of this view, `driver` or `other`")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N pictures, evenly spread")
    parser.add_argument("--conf", type=float, default=0.5, help="score from which an object is found (0.5)")
    parser.add_argument("--min-score", type=float, default=0.02, help="score from which AP counts (0.02)")
    parser.add_argument("--json", action="store_true", help="the figures as JSON on stdout, and no table")


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _eval(arguments: argparse.Namespace) -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from pipeline.evaluation.choose import Choice, read_list
    from pipeline.evaluation.measure_pictures import measure_pictures
    from pipeline.evaluation.report import as_table, as_values
    from pipeline.evaluation.settings import EvalSettings
    from pipeline.evaluation.write import write_metrics

    settings = EvalSettings(conf=arguments.conf, min_score=arguments.min_score)
    choice = Choice(
        names=None if arguments.only is None else read_list(arguments.only),
        sequences=arguments.sequences,
        sources=arguments.source,
        view=arguments.view,
        limit=arguments.limit,
    )
    evaluation = measure_pictures(arguments.data, arguments.model, choice, settings, _progress)
    if arguments.out is not None:
        arguments.out.mkdir(parents=True, exist_ok=True)
        write_metrics(arguments.out / "metrics.json", as_values(evaluation))
    if arguments.json:
        print(json.dumps(as_values(evaluation), indent=1))
        return 0
    for line in aligned(as_table(evaluation)):
        print(line)
    return 0


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done}/{total} pictures", end="\n" if done == total else "", file=sys.stderr, flush=True)


MEASURING_COMMANDS = (Command("eval", "measure weights on labelled pictures", _add_eval_arguments, _eval),)
