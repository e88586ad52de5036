"""The export command."""

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
        help="coco (JSON with run-length masks), yolo (a text file of polygons per frame), mots (text with run-length "
        "masks), cvat (CVAT for video 1.1: XML with a polygon track per object), csv (one row per track); for runs "
        "with --view semantic or panoptic also png (class numbers) and panoptic (COCO panoptic: PNGs and JSON)",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="folder to write to")
    parser.add_argument(
        "--conf", metavar="SCORE", help=f"{OPTIONS['conf'].help} (default: as the output shows it)"
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="everything that was stored, including weak detections and those without a track",
    )
    parser.add_argument("--scores", action="store_true", help="with yolo: end each line with the score")
    parser.add_argument(
        "--frames", action="store_true", help="also write the frames, as images/000000.png and so on"
    )
    parser.add_argument("-y", "--force", action="store_true", help="write into a folder that is not empty")


def _export(arguments: argparse.Namespace) -> int:
    from pipeline.api.export import export
    from pipeline.job.request import by_room

    conf = (
        None
        if arguments.conf is None
        else by_room(Given.of_flags({"conf": arguments.conf}))["render"]["conf"]
    )
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
        "write what a run has found in a format of other tools",
        _add_export_arguments,
        _export,
        examples=(
            "seg-video export out.mp4 --format yolo --out labels --frames",
            "seg-video export out.mp4 --format csv --out tables",
        ),
    ),
)
