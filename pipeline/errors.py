"""The error tree: every error a user can meet says what failed, where, what was found and what to do."""

from __future__ import annotations

from pipeline.terminal import one_line


class SegVideoError(Exception):
    """Root of every error this package raises on purpose.

    Parameters
    ----------
    what : one sentence naming what failed and where.
    found : what was there instead of what was expected, if that helps.
    do : what the reader can do about it.

    """

    exit_code = 1

    def __init__(self, what: str, *, found: str | None = None, do: str | None = None) -> None:
        self.what, self.found, self.do = what, found, do
        super().__init__("\n".join(self._lines()))

    def _lines(self) -> list[str]:
        """The sentence, and where known what was found and what to do, a line each."""
        lines = [one_line(self.what)]
        if self.found:
            lines.append(f"  found: {one_line(self.found)}")
        if self.do:
            lines.append(f"  do:    {one_line(self.do)}")
        return lines

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the three sentences, so that an error crosses a process border whole."""
        return _rebuild, (type(self), self.what, self.found, self.do)


def _rebuild(kind: type[SegVideoError], what: str, found: str | None, do: str | None) -> SegVideoError:
    return kind(what, found=found, do=do)


class UsageError(SegVideoError):
    """The command line or a job file asks for something that does not exist."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting has a value that the mechanism it configures cannot work with."""


class InputError(SegVideoError):
    """An input cannot be read as what it is meant to be."""

    exit_code = 3


class WeightsError(SegVideoError):
    """A weight file is missing, damaged, unsafe, or of another network."""


class WriteError(SegVideoError):
    """The system refuses to write a file: the disk is full, or a folder is missing or not writable."""


class StoreError(SegVideoError):
    """A file of stored detections cannot be written, is missing, damaged, or of another schema."""


class MediaError(SegVideoError):
    """Decoding, encoding or joining video failed: the encoder, the disk, or FFmpeg itself."""


class DamagedInputError(InputError):
    """Some frames of an otherwise readable video cannot be decoded."""


class ChunksFailedError(SegVideoError):
    """Some chunks or inputs failed; what was made of the others is kept, and the run can be resumed."""

    exit_code = 4


class RunInTheWayError(SegVideoError):
    """There is a run of something else where this one would be, or somebody is working on it."""

    exit_code = 5


class InterruptedRunError(SegVideoError):
    """The user stopped the run; it can be resumed."""

    exit_code = 130
