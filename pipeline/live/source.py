"""LiveSource: the newest picture of a camera, stream or file, whatever happens to the connection."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import IO

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import MediaError
from pipeline.terminal import without_password
from pipeline.video.stream.live_stream import StreamPicture, StreamSound, read_stream

#: Pauses between tries, in seconds: each twice the one before.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0

#: A source that is silent for so long is opened anew.
SILENCE_SECONDS = 10.0

#: The part of ffmpeg that a line is of, with where it lies in memory.
_SPEAKER = re.compile(r"^(\[[^\]]* @ 0x[0-9a-f]+\] ?)+")


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """One picture of the source.

    rgb : uint8 [H, W, 3]. arrived : time.monotonic() when all of it was here. number : from 1, dropped ones counted.
    seconds : since the first picture, by the source's clock; while the connection was lost, by ours.
    """

    rgb: NDArray[np.uint8]
    arrived: float
    number: int
    seconds: float


class LiveSource:
    """Reads a source in a thread of its own and keeps its newest picture alone.

    Parameters
    ----------
    command : the words that start a program which writes what `read_stream` takes to its output.
    ends : the program's end is the source's; else it is started again, after a pause that grows.
    is_file : if the program ends before the first picture, that is the source's end too.
    every : of so many pictures one is given out; the others are not counted as dropped.
    sound : is given the source's sound, if the command has it, with times that count as the pictures' do.

    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        ends: bool,
        is_file: bool = False,
        every: int = 1,
        sound: Callable[[StreamSound], None] | None = None,
    ) -> None:
        self._command, self._every, self._sound = list(command), every, sound
        self._ends, self._is_file = ends, is_file
        self._began: float | None = None
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
            if self._closed.is_set():
                return None
            if self._ends if self.received > 0 else self._is_file:
                return self._turn("ended")
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
                bufsize=0,
            )
        except OSError as error:
            self.trouble = f"{self._command[0]}: {error.strerror}"
            return
        self._process = process
        assert process.stdout is not None
        assert process.stderr is not None
        words, before = _Words(process.stderr), self.received
        try:
            if self._closed.is_set():
                return
            self._give_out(read_stream(process.stdout))
        except MediaError as error:
            self.trouble = error.found or error.what
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            said = words.end(was_seen=self.received > before)
            self.trouble = without_password(said) or self.trouble or "the source ended"

    def _give_out(self, pieces: Iterable[StreamPicture | StreamSound]) -> None:
        """Give out what one connection brings; its clock is known with its first picture."""
        early, offset = deque[StreamSound](), None
        for piece in pieces:
            if isinstance(piece, StreamPicture):
                now = time.monotonic()
                if offset is None:
                    self._began = now if self._began is None else self._began
                    offset = now - self._began - piece.seconds
                self._put(LiveFrame(piece.rgb, now, self.received + 1, piece.seconds + offset))
            elif self._sound is not None:
                early.append(piece)
            while self._sound is not None and early and (offset is not None or not len(early[0].samples)):
                sound = early.popleft()
                self._sound(replace(sound, seconds=sound.seconds + (offset or 0.0)))

    def _put(self, frame: LiveFrame) -> None:
        with self._news:
            self.received += 1
            if (frame.number - 1) % self._every == 0:
                self.dropped += self._newest is not None
                self._newest = frame
            self._last_sign, self.state, self.trouble = frame.arrived, "running", ""
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


class _Words:
    """The lines of a program; read in a thread, or its full pipe would stop it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._first, self._last = b"", b""
        self._thread = threading.Thread(target=self._listen, args=(stream,), daemon=True)
        self._thread.start()

    def _listen(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._first = self._first or line
                self._last = line

    def end(self, *, was_seen: bool) -> str:
        """The line that tells why the program ended, without the part of it that speaks.

        Of a source that showed nothing it is the first: what follows says in general words that it was not opened.
        """
        self._thread.join(timeout=2.0)
        line = self._last if was_seen else self._first
        return _SPEAKER.sub("", line.decode("utf-8", "replace").strip())
