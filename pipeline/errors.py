"""The errors that users can meet: each says what failed, where, what was found and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.terminal import one_line


class SegVideoError(Exception):
    """Base class of every error that this package raises on purpose.

    Parameters
    ----------
    what : one sentence that says what failed and where.
    found : what there was instead of what was expected, if that helps.
    do : what the user can do about it.

    """

    exit_code = 1

    def __init__(self, what: str, *, found: str | None = None, do: str | None = None) -> None:
        self.what, self.found, self.do = what, found, do
        super().__init__("\n".join(self._lines()))

    def _lines(self) -> list[str]:
        """The sentence, then what was found and what to do, if known, on a line each."""
        lines = [one_line(self.what)]
        if self.found:
            lines.append(f"  found: {one_line(self.found)}")
        if self.do:
            lines.append(f"  do:    {one_line(self.do)}")
        return lines

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the three texts, so that an error crosses process boundaries intact."""
        return _rebuild, (type(self), self.what, self.found, self.do)


def _rebuild(kind: type[SegVideoError], what: str, found: str | None, do: str | None) -> SegVideoError:
    return kind(what, found=found, do=do)


class UsageError(SegVideoError):
    """The command line or a job file asks for something that cannot be done."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting has a value that cannot work."""


class InputError(SegVideoError):
    """An input cannot be read as what it should be."""

    exit_code = 3


class WeightsError(SegVideoError):
    """A file of weights is missing, damaged, unsafe, or for another network."""


class WriteError(SegVideoError):
    """A file cannot be written: the disk is full, or the folder is missing or not writable."""


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
    """Another run is where this one would be, or another process is working on it."""

    exit_code = 5


class InterruptedRunError(SegVideoError):
    """The user stopped the run; it can be resumed."""

    exit_code = 130


def joint_exit_code(errors: Sequence[SegVideoError | None], *, damaged: bool = False) -> int:
    """The exit code of a command with several results, from the error of each, or None for what went well.

    0 if all went well; 4 if some failed or are damaged; the code of the failure if all failed alike.
    """
    failures = [error for error in errors if error is not None]
    codes = {error.exit_code for error in failures}
    if len(failures) == len(errors) and len(codes) == 1:
        return codes.pop()
    return ChunksFailedError.exit_code if failures or damaged else 0


def extra_command(extra: str, *packages: str) -> str:
    """The command that installs an extra and further packages: `do` of an error.

    It names a checkout: this package is on no index, where anybody could take its name.
    """
    return " ".join(["pip install -e", f"'.[{extra}]'", *packages, "in a checkout of seg-video"])
