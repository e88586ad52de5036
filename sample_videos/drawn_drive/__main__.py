"""`python -m sample_videos.drawn_drive`: draw training pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from sample_videos.drawn_drive.pictures import draw_pictures


def main() -> None:
    """Do what the arguments ask for."""
    arguments = _parser().parse_args()
    count, folder = arguments.pictures
    draw_pictures(int(count), Path(folder), arguments.seed, arguments.size)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sample_videos.drawn_drive", description="Draw a street drive."
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="another seed, another street (default %(default)s)"
    )
    parser.add_argument(
        "--size", type=_size, default=(960, 540), help="width x height, even (default 960x540)"
    )
    parser.add_argument(
        "--pictures",
        nargs=2,
        metavar=("N", "FOLDER"),
        required=True,
        help="draw N training pictures into FOLDER",
    )
    return parser


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (
        width.isdigit() and height.isdigit() and int(width) % 2 == int(height) % 2 == 0 and int(height) >= 90
    ):
        raise argparse.ArgumentTypeError(f"{text} is not WIDTHxHEIGHT in even px, 90 px or more high")
    return int(width), int(height)


if __name__ == "__main__":
    main()
