"""The live command."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.command import Command
from pipeline.cli.help_texts import help_of
from pipeline.cli.say import complain
from pipeline.job.arguments import add_job_options, given_options, options_of_pictures
from pipeline.loading.given import Given
from pipeline.terminal import one_line, without_password

if TYPE_CHECKING:
    from pipeline.live.watch import Recorded


def _add_live_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a camera (0 or /dev/video0; on macOS and Windows its name), rtsp://..., http://..., rtmp://..., "
        "a file, played at its own speed, or screen",
    )
    parser.add_argument(
        "--port", type=int, default=5000, help="port of the page; 0: any free port (default: %(default)s)"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to serve the page at; on any but this machine's own, its URL contains an access token "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--record",
        metavar="FILE.mp4",
        type=Path,
        help="record what is shown, with its times and the source's sound; playable at any moment",
    )
    parser.add_argument("-y", "--force", action="store_true", help="replace an existing recording")
    parser.add_argument(
        "--every",
        metavar="N",
        default="auto",
        help="show every Nth picture only; auto: as many as the network can keep up with (default: %(default)s)",
    )
    parser.add_argument("--loop", action="store_true", help="start a file again when it ends")
    add_job_options(parser, options_of_pictures(), help_of)


def _live(arguments: argparse.Namespace) -> int:
    from pipeline.job.protection import check_replaceable, protect_sources
    from pipeline.job.request import make_request
    from pipeline.live.watch import LiveJob, watch
    from pipeline.run.stopping import StopSignal
    from pipeline.video.ffmpeg import find_ffmpeg
    from pipeline.workers.allocator import share_memory

    share_memory()
    if arguments.record is not None:
        check_replaceable(arguments.record)
        if Path(arguments.source).is_file():
            protect_sources([(Path(arguments.source), arguments.record)])
    given = {**given_options(arguments, options_of_pictures()), "every": arguments.every}
    settings = make_request((), None, Given.of_flags(given)).settings
    job = LiveJob(
        source=arguments.source,
        loop=arguments.loop,
        host=arguments.host,
        port=arguments.port,
        record=arguments.record,
        force=arguments.force,
        segment=settings.segment,
        track=settings.track,
        render=settings.render,
    )

    def tell_loss(reason: str) -> None:
        name = one_line(without_password(job.source))
        complain(
            f"no picture from {name}: {one_line(reason)}; trying again until Ctrl-C"
            if reason
            else f"{name} is back"
        )

    with StopSignal().listening() as stop:
        recorded = watch(job, find_ffmpeg(), _tell_address, tell_loss, lambda: stop.asked)
    if recorded is not None:
        complain(_words_on(recorded))
    return 0


def _words_on(recorded: Recorded) -> str:
    name = one_line(str(recorded.path))
    if not recorded.pictures:
        return f"{name}: no picture arrived, so there is no recording"
    plural = "s" * (recorded.pictures != 1)
    return f"{name}: {recorded.pictures} picture{plural}, {recorded.seconds:.1f} s"


def _tell_address(address: str) -> None:
    print(f"Open {address} (Ctrl-C to stop)", file=sys.stderr, flush=True)


LIVE_COMMANDS = (
    Command(
        "live",
        "show a camera, stream or file with masks in a browser",
        _add_live_arguments,
        _live,
        examples=(
            "seg-video live 0",
            "seg-video live drive.mp4 --loop --port 5001",
            "seg-video live rtsp://camera/1 --record drive.mp4",
        ),
    ),
)
