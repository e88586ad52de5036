"""Make text safe to print: without control characters for the terminal, and without passwords."""

from __future__ import annotations

import os
import re
from typing import TextIO

#: C0 and C1 control characters except tab and newline, marks of writing direction, Unicode's line and paragraph
#: separators, and lone surrogates, which stand for undecodable bytes of a file name.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

#: User and password in a URL.
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")


def printable(text: str) -> str:
    r"""The text without passwords, and with each control character as an escape, such as \x1b."""
    return _STEERING.sub(lambda found: _escape(found.group()), without_password(text))


def without_password(text: str) -> str:
    """The text with user and password removed from its URLs."""
    return _CREDENTIALS.sub("", text)


def one_line(text: str) -> str:
    """The printable text on one line, each run of white space as one space."""
    return printable(" ".join(text.split()))


def write_safely(stream: TextIO, text: str) -> None:
    """Write and flush printable text, escaping what the encoding lacks. Raises the stream's OSError."""
    encoding = stream.encoding or "utf-8"
    stream.write(printable(text).encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def abandon(stream: TextIO) -> None:
    """Redirect a broken stream to the null device, so that flushing it at exit is no error."""
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
