"""A video file that appears under its name only when it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from av.error import FFmpegError

from pipeline.errors import MediaError
from pipeline.files import MayReplace, anything, is_refusal, whole_file
from pipeline.video.read.source import reason


@contextmanager
def whole_video(path: Path, folder: Path | None = None, may_replace: MayReplace = anything) -> Iterator[Path]:
    """A temporary name for FFmpeg to write to, which takes the name `path` at the end of the body; see whole_file.

    Raises MediaError where FFmpeg refuses to write, WriteError where the system does.
    """
    with whole_file(path, folder, may_replace) as temporary:
        try:
            yield temporary
        except FFmpegError as error:
            if isinstance(error, OSError) and is_refusal(error):
                raise  # it is one of the system's, and told as such
            raise MediaError(
                f"Cannot write {path}.",
                found=reason(error),
                do="run again; if it stays, name an output in another format",
            ) from error
