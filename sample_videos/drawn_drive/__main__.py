"""`python -m sample_videos.drawn_drive`: draw the sample clip and its truth, or training pictures."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sample_videos.drawn_drive.clip import draw_clip
from sample_videos.drawn_drive.drive import TRAFFIC
from sample_videos.drawn_drive.pictures import draw_pictures
from sample_videos.drawn_drive.weather import WEATHERS


def main() -> None:
    """Do what the arguments ask for."""
    arguments = _parser().parse_args()
    if arguments.pictures:
        count, folder = arguments.pictures
        draw_pictures(int(count), Path(folder), arguments.seed, arguments.size)
        return
    asked = (arguments.seed, arguments.weather, arguments.seconds, arguments.size, arguments.traffic)
    for path in draw_clip(arguments.out, *asked):
        sys.stdout.write(f"{path}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sample_videos.drawn_drive",
        description="Draw a street drive as a dashcam sees it: drive.mp4 with sound, and its truth, drive.json.gz.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("sample_videos"), help="folder of the clip")
    parser.add_argument("--weather", choices=list(WEATHERS), default="sun", help="of the clip")
    parser.add_argument("--traffic", choices=TRAFFIC, default="usual", help="of the clip")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another street")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the clip")
    parser.add_argument("--size", type=_size, default=(960, 540), metavar="WxH", help="even px")
    parser.add_argument(
        "--pictures",
        nargs=2,
        metavar=("N", "FOLDER"),
        help="instead, write N pictures of random streets, traffic, weathers and cameras to FOLDER, for training",
    )
    return parser


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) % 2 == int(height) % 2 == 0 < int(height)):
        raise argparse.ArgumentTypeError(f"{text} is not WIDTHxHEIGHT in even px")
    return int(width), int(height)


if __name__ == "__main__":
    main()
