"""The command that shows a camera or stream in a browser."""

from __future__ import annotations

import argparse
import sys

from pipeline.cli.command import Command
from pipeline.cli.help_texts import help_of
from pipeline.job.arguments import add_job_options, given_options
from pipeline.job.options import OPTIONS
from pipeline.loading.given import Given

#: Options of a job that a live picture has, too.
_OPTIONS = [
    OPTIONS[name]
    for name in (
        "model",
        "conf",
        "classes",
        "ignore-region",
        "style",
        "alpha",
        "color-by",
        "device",
        "precision",
    )
]


def _add_live_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a camera (0, /dev/video0; on macOS and Windows its name), rtsp://..., http://..., rtmp://..., "
        "a file at its own speed, or screen",
    )
    parser.add_argument(
        "--port", type=int, default=5000, help="of the page; 0: any free one (default: %(default)s)"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to serve at; at any but this machine's own, the page's address "
        "holds a token (default: %(default)s)",
    )
    parser.add_argument("--loop", action="store_true", help="begin a file again at its end")
    add_job_options(parser, _OPTIONS, help_of)


def _live(arguments: argparse.Namespace) -> int:
    from pipeline.job.request import make_request
    from pipeline.live.watch import LiveJob, watch
    from pipeline.run.stopping import StopSignal
    from pipeline.video.ffmpeg import find_ffmpeg

    settings = make_request((), None, Given(given_options(arguments, _OPTIONS))).settings
    job = LiveJob(
        source=arguments.source,
        loop=arguments.loop,
        host=arguments.host,
        port=arguments.port,
        segment=settings.segment,
        track=settings.track,
        render=settings.render,
    )
    with StopSignal().listening() as stop:
        watch(job, find_ffmpeg(), _tell_address, lambda: stop.asked)
    return 0


def _tell_address(address: str) -> None:
    print(f"Open {address} (Ctrl-C ends it)", file=sys.stderr, flush=True)


LIVE_COMMANDS = (
    Command(
        "live",
        "a camera, stream or file with masks, in a browser",
        _add_live_arguments,
        _live,
        examples=("seg-video live 0", "seg-video live drive.mp4 --loop --port 5001"),
    ),
)
