"""Delay from glass to glass, rate and memory of `seg-video live`, with viewers, controls and a recording.

    python benchmarks/live.py CLIP.mp4 --minutes 10 --viewers 3

A sender plays the clip over UDP, as a network camera does, with the time burnt into each picture's upper edge; a viewer
reads it off the JPEGs it is sent. So the delay holds all: encoding, sending, decoding, the network, painting, JPEG.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import psutil

#: The time in hundredths of a second, as so many squares of so many px.
_BITS, _SIDE = 24, 16
_SENDER = "--send"


def send(clip: str, address: str) -> None:
    """Play the clip again and again, at its own speed and in 720p, with the time in it."""
    options = {"preset": "ultrafast", "tune": "zerolatency", "g": "25", "crf": "20"}
    with av.open(address, "w", format="mpegts", container_options={"flush_packets": "1"}) as out:
        stream = out.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        began = time.monotonic()
        for number, picture in enumerate(_pictures(clip)):
            time.sleep(max(began + number / 25 - time.monotonic(), 0))
            rgb = cv2.resize(picture, (1280, 720))
            code = int(time.monotonic() * 100) % (1 << _BITS)
            bits = np.array([code >> place & 1 for place in range(_BITS)], np.uint8) * 255
            rgb[:_SIDE, : _BITS * _SIDE] = bits.repeat(_SIDE)[None, :, None]
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(stream.encode(frame))


def _pictures(clip: str) -> Iterator[np.ndarray]:
    while True:
        with av.open(clip) as container:
            for frame in container.decode(video=0):
                yield frame.to_ndarray(format="rgb24")


class Viewer(threading.Thread):
    """Reads the stream of pictures. delays : in seconds, where `measures`. pictures : how many came."""

    def __init__(self, port: int, *, measures: bool) -> None:
        super().__init__(daemon=True)
        self._port, self._measures = port, measures
        self.delays: list[float] = []
        self.pictures = 0

    def run(self) -> None:
        """Read to the end."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        connection.request("GET", "/stream.mjpg")
        answer = connection.getresponse()
        ends, content = f"--{answer.headers.get_param('boundary')}".encode(), b""
        while block := answer.fp.read1(1 << 20):
            *pictures, content = (content + block).split(ends)
            for picture in filter(None, pictures):  # nothing stands before the first
                self.pictures += 1
                if self._measures:
                    self._measure(picture.partition(b"\r\n\r\n")[2])

    def _measure(self, jpeg: bytes) -> None:
        now = int(time.monotonic() * 100)
        grey = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
        middles = grey[_SIDE // 2, _SIDE // 2 : _BITS * _SIDE : _SIDE]
        code = sum(int(value > 127) << place for place, value in enumerate(middles))
        delay = (now - code) % (1 << _BITS) / 100
        if delay < 60:  # a square that a label covers makes another number of it
            self.delays.append(delay)


def measure(clip: str, minutes: float, viewers: int, more: list[str]) -> None:
    """Print a line a minute, and the figures of the whole."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        address = f"udp://127.0.0.1:{free.getsockname()[1]}?pkt_size=1316"
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "live.mp4"
        words = [sys.executable, "-m", "pipeline", "live", f"{address}&fifo_size=1000000&overrun_nonfatal=1"]
        live = subprocess.Popen(
            [*words, "--port", "0", "--record", str(film), *more], stderr=subprocess.PIPE, text=True
        )
        assert live.stderr is not None
        lines = iter(live.stderr.readline, "")
        port = int(next(filter(None, (re.search(r"127\.0\.0\.1:(\d+)", line) for line in lines)))[1])
        sender = subprocess.Popen([sys.executable, __file__, clip, _SENDER, address])
        try:
            _watch(live, port, minutes, viewers)
        finally:
            sender.kill()
            live.send_signal(2)
            print(live.stderr.read().strip(), f"{film.stat().st_size / 1e6:.1f} MB")


def _watch(live: subprocess.Popen[str], port: int, minutes: float, viewers: int) -> None:
    process, began, sizes = psutil.Process(live.pid), time.monotonic(), list[float]()
    seen = [Viewer(port, measures=place == 0) for place in range(viewers)]
    for viewer in seen:
        viewer.start()
    while time.monotonic() - began < 60 * minutes:
        time.sleep(min(15.0, 15 * minutes))
        turn = len(sizes) % 2
        _control(port, {"conf": 0.4 + 0.2 * turn, "view": ("instances", "panoptic")[turn]})
        sizes.append(process.memory_info().rss / 1e6)
        if len(sizes) % 4 == 0:
            print(
                f"{(time.monotonic() - began) / 60:.1f} min: {sizes[-1]:.0f} MB, {seen[0].pictures} pictures"
            )
    facts = _control(port, {})
    seconds, quarter = time.monotonic() - began, max(len(sizes) // 4, 1)
    print(f"memory: {np.mean(sizes[quarter : 2 * quarter]):.0f} MB in the second quarter, ", end="")
    print(f"{np.mean(sizes[-quarter:]):.0f} MB in the last")
    print(f"pictures of {viewers} viewers: {[one.pictures for one in seen]} in {seconds:.0f} s; ", end="")
    print(f"received {facts['received']}, dropped {facts['dropped']}, lost {facts['losses']}")
    low, middle, high = np.percentile(seen[0].delays or [np.nan], [5, 50, 95])
    print(
        f"from glass to glass: {middle * 1000:.0f} ms, from {low * 1000:.0f} to {high * 1000:.0f} (5 to 95 %)"
    )


def _control(port: int, wishes: dict[str, float | str]) -> dict[str, int]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/control", json.dumps(wishes), {"Content-Type": "application/json"})
    return dict(json.loads(connection.getresponse().read()))


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", help="what the camera sees")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--viewers", type=int, default=3)
    parser.add_argument(_SENDER, metavar="ADDRESS", help=argparse.SUPPRESS)
    arguments, more = parser.parse_known_args()
    if arguments.send:
        send(arguments.clip, arguments.send)
    else:
        measure(arguments.clip, arguments.minutes, arguments.viewers, more)


if __name__ == "__main__":
    main()
