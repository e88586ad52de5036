"""The command that writes what other tools read: export."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline.cli.command import Command
from pipeline.cli.say import say
from pipeline.loading.given import Given


def _add_export_arguments(parser: argparse.ArgumentParser) -> None:
    from pipeline.job.options import OPTIONS

    parser.add_argument("name", metavar="OUT", help="a finished run's output, or its folder")
    parser.add_argument(
        "--format",
        required=True,
        metavar="FORMAT",
        help="coco (JSON with run lengths), yolo (a text file a frame with polygons), mots (text with run lengths), "
        "cvat (for video 1.1: XML with polygons by track), csv (a row a track); with --view semantic or "
        "panoptic also png (class numbers) and panoptic (COCO's, PNGs of segments with JSON)",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="where to")
    parser.add_argument(
        "--conf", metavar="SCORE", help=f"{OPTIONS['conf'].help} (default: as the output shows it)"
    )
    parser.add_argument(
        "--all", action="store_true", help="all that was stored, also what is weak or follows no track"
    )
    parser.add_argument("--scores", action="store_true", help="yolo: the score stands last in a line")
    parser.add_argument("--frames", action="store_true", help="the pictures too, images/000000.png, ...")
    parser.add_argument(
        "-y", "--force", action="store_true", help="write into a folder that has something in it"
    )


def _export(arguments: argparse.Namespace) -> int:
    from pipeline.api.export import export
    from pipeline.job.request import by_room

    conf = None if arguments.conf is None else by_room(Given({"conf": arguments.conf}))["render"]["conf"]
    folder = export(
        arguments.name,
        arguments.format,
        arguments.out,
        conf=conf,
        everything=arguments.all,
        scores=arguments.scores,
        frames=arguments.frames,
        overwrite=arguments.force,
    )
    say(f"written: {folder}")
    return 0


EXPORT_COMMANDS = (
    Command(
        "export",
        "what a run has found, for other tools",
        _add_export_arguments,
        _export,
        examples=(
            "seg-video export out.mp4 --format yolo --out labels --frames",
            "seg-video export out.mp4 --format csv --out tables",
        ),
    ),
)
