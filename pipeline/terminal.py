"""Text that is safe to show: it cannot steer the terminal that it is printed on, and gives no password away."""

from __future__ import annotations

import os
import re
from typing import TextIO

#: C0 and C1 control characters but tab and newline, the marks that turn the writing direction, the two other line
#: breaks, and halves of surrogate pairs, which stand for bytes of a file name that are no text.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

#: User and password of an address.
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")


def printable(text: str) -> str:
    """The text without passwords, every character that steers a terminal as an escape, ESC as backslash, x, 1, b."""
    return _STEERING.sub(lambda found: _escape(found.group()), without_password(text))


def without_password(text: str) -> str:
    """The text with user and password taken out of its addresses."""
    return _CREDENTIALS.sub("", text)


def one_line(text: str) -> str:
    """The same on one line: runs of white space are one blank."""
    return printable(" ".join(text.split()))


def write_safely(stream: TextIO, text: str) -> None:
    """Write printable text at once; what the stream's encoding lacks is an escape. Raises the stream's OSError."""
    encoding = stream.encoding or "utf-8"
    stream.write(printable(text).encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def abandon(stream: TextIO) -> None:
    """Send what is still to be written to nowhere, so that the stream's end, too, is no error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"  # a byte that Python carries as half a surrogate pair
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
