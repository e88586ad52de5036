"""LiveSource: the newest picture of a camera, stream or file, whatever happens to the connection."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray

from pipeline.terminal import without_password

#: Pauses between tries, in seconds: each twice the one before.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0

#: A source that is silent for so long is opened anew.
SILENCE_SECONDS = 10.0

_HEAD = re.compile(rb"P6\n(\d+) (\d+)\n255\n")
_MOST_SIDE = 16384
_WORDS_BYTES = 2000


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """One picture of the source.

    rgb : uint8 [H, W, 3]. arrived : time.monotonic() when all of it was here. number : from 1, dropped ones counted.
    """

    rgb: NDArray[np.uint8]
    arrived: float
    number: int


class LiveSource:
    """Reads a source in a thread of its own and keeps its newest picture alone.

    Parameters
    ----------
    command : the words that start a program which writes PPM pictures to its output.
    ends : the program's end is the source's; else it is started again, after a pause that grows.

    """

    def __init__(self, command: Sequence[str], *, ends: bool) -> None:
        self._command, self._ends = list(command), ends
        self._news = threading.Condition()
        self._newest: LiveFrame | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = threading.Event()
        self._last_sign = time.monotonic()
        self.state, self.trouble = "connecting", ""
        self.received = self.dropped = self.losses = 0
        self._threads = [
            threading.Thread(target=work, name=f"live {work.__name__}", daemon=True)
            for work in (self._keep_reading, self._watch)
        ]

    def start(self) -> None:
        """Begin to read."""
        for thread in self._threads:
            thread.start()

    def take(self, timeout: float) -> LiveFrame | None:
        """The newest picture that nobody has taken, once there is one; None after `timeout` seconds or at the end."""
        with self._news:
            self._news.wait_for(lambda: self._newest is not None or self.is_over, timeout)
            frame, self._newest = self._newest, None
            return frame

    @property
    def is_over(self) -> bool:
        """True if no picture will come any more."""
        return self.state == "ended" or self._closed.is_set()

    def close(self) -> None:
        """End the program and the threads."""
        self._closed.set()
        self._kill()
        with self._news:
            self._news.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=5.0)

    def _keep_reading(self) -> None:
        pause = FIRST_PAUSE
        while not self._closed.is_set():
            before = self.received
            self._read_once()
            if self._ends and self.received > 0:
                return self._turn("ended")
            if self._closed.is_set():
                return None
            self.losses += 1
            self._turn("lost")
            pause = FIRST_PAUSE if self.received > before else min(2 * pause, LONGEST_PAUSE)
            self._closed.wait(pause)
        return None

    def _read_once(self) -> None:
        """Read until the program ends."""
        self._last_sign = time.monotonic()
        try:
            process = subprocess.Popen(  # noqa: S603
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=1 << 20,
            )
        except OSError as error:
            self.trouble = f"{self._command[0]}: {error.strerror}"
            return
        self._process = process
        assert process.stdout is not None
        assert process.stderr is not None
        words = _LastWords(process.stderr)
        try:
            if self._closed.is_set():
                return
            while (rgb := read_ppm(process.stdout)) is not None:
                self._put(rgb)
        except ValueError as error:
            self.trouble = str(error)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            self.trouble = without_password(words.last()) or self.trouble or "the source ended"

    def _put(self, rgb: NDArray[np.uint8]) -> None:
        now = time.monotonic()
        with self._news:
            self.received += 1
            self.dropped += self._newest is not None
            self._newest = LiveFrame(rgb, now, self.received)
            self._last_sign, self.state, self.trouble = now, "running", ""
            self._news.notify_all()

    def _turn(self, state: str) -> None:
        with self._news:
            self.state = state
            self._news.notify_all()

    def _watch(self) -> None:
        """End a program that has gone silent, so that it is started again."""
        while not self._closed.wait(min(SILENCE_SECONDS / 4, 1.0)):
            if time.monotonic() - self._last_sign > SILENCE_SECONDS:
                self._last_sign = time.monotonic()
                self._kill()

    def _kill(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()


class _LastWords:
    """The last lines of a program; read in a thread, or its full pipe would stop it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._said = b""
        self._thread = threading.Thread(target=self._listen, args=(stream,), daemon=True)
        self._thread.start()

    def _listen(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._said = (self._said + line)[-_WORDS_BYTES:]

    def last(self) -> str:
        self._thread.join(timeout=2.0)
        lines = self._said.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""


def read_ppm(stream: IO[bytes]) -> NDArray[np.uint8] | None:
    """The next picture uint8 [H, W, 3] of a stream of PPM; None at its end. Raises ValueError for anything else."""
    head = b""
    while not (found := _HEAD.fullmatch(head)):
        line = stream.readline(64)
        if not line:
            return None
        head += line
        if len(head) > 64:
            raise ValueError("the program wrote no pictures")
    wide, tall = int(found[1]), int(found[2])
    if not (0 < wide <= _MOST_SIDE and 0 < tall <= _MOST_SIDE):
        raise ValueError(f"a picture of {wide}x{tall} px")
    pixels = np.empty((tall, wide, 3), np.uint8)
    rest = pixels.data.cast("B")
    while rest:
        size = stream.readinto(rest)  # type: ignore[attr-defined]
        if not size:
            return None
        rest = rest[size:]
    return pixels
