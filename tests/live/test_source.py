"""Live sources: how they are opened, and what becomes of their pictures."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.live import source as sources
from pipeline.live.opening import LiveInput, live_input, stream_command
from pipeline.live.source import LiveSource
from pipeline.terminal import without_password
from pipeline.video.ffmpeg import find_ffmpeg
from pipeline.video.stream.live_stream import read_stream
from tests.live.conftest import camera, until


@pytest.fixture
def open_source():
    opened = []

    def start(command, ends=False):
        source = LiveSource(command, ends=ends)
        opened.append(source)
        source.start()
        return source

    yield start
    for source in opened:
        source.close()


@pytest.mark.parametrize(
    ("source", "system", "words"),
    [
        ("0", "linux", ["-f", "v4l2", "-i", "/dev/video0"]),
        ("/dev/video2", "linux", ["-f", "v4l2", "-i", "/dev/video2"]),
        ("Front Camera", "win32", ["-f", "dshow", "-i", "video=Front Camera"]),
        ("1", "darwin", ["-f", "avfoundation", "-framerate", "30", "-i", "1:none"]),
        ("FaceTime HD Camera", "darwin", ["-framerate", "30", "-i", "FaceTime HD Camera:none"]),
        ("screen", "win32", ["-f", "gdigrab", "-framerate", "30", "-i", "desktop"]),
        ("screen", "darwin", ["-f", "avfoundation", "-i", "Capture screen 0:none"]),
        ("screen", "linux", ["-f", "x11grab", "-framerate", "30", "-i"]),
        ("rtsp://cam/1", "linux", ["-fflags", "nobuffer", "-flags", "low_delay", "-rtsp_transport", "tcp"]),
        ("https://cam/live.m3u8", "linux", ["-flags", "low_delay", "-i", "https://cam/live.m3u8"]),
        ("http://cam/live?save=a.mp4", "linux", ["low_delay", "-i", "http://cam/live?save=a.mp4"]),
        ("http://host/Drive.MP4?key=1", "linux", ["-re", "-i", "http://host/Drive.MP4?key=1"]),
    ],
)
def test_sources_are_opened_as_ffmpeg_wants_them(source, system, words):
    made = stream_command(live_input(source, system=system), Path("ffmpeg"))
    assert " ".join(words) in " ".join(made)
    assert made[-1] == "pipe:" or "pipe:" in made


def test_what_is_no_source_is_told_without_the_password():
    with pytest.raises(InputError, match="no camera, address or file"):
        live_input("nothing.mp4", system="linux")
    assert live_input("rtsp://me:secret@cam/1").name == "rtsp://cam/1"
    assert without_password("Error opening rtsp://me:secret@cam:554/1.") == "Error opening rtsp://cam:554/1."


def test_only_the_newest_picture_is_kept_and_the_others_are_counted(open_source):
    source = open_source(camera(rate=100))
    first = source.take(10)
    until(lambda: source.received >= first.number + 11)
    received = source.received
    frame = source.take(1)
    assert frame.number >= received
    assert source.dropped >= frame.number - 2
    assert first.arrived < frame.arrived


def test_a_lost_source_is_opened_again_after_pauses_that_grow(open_source, monkeypatch):
    pauses = []
    source = LiveSource(camera(rate=200, count=3), ends=False)
    monkeypatch.setattr(source._closed, "wait", lambda pause: pauses.append(pause) or len(pauses) > 9)
    for _ in range(3):
        source._read_once()
    assert source.received == 9
    silent = LiveSource([sys.executable, "-c", "import sys; sys.exit('no camera')"], ends=False)
    monkeypatch.setattr(silent._closed, "wait", lambda pause: pauses.append(pause))
    monkeypatch.setattr(silent._closed, "is_set", lambda: len(pauses) >= 8)
    silent._keep_reading()
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    assert (silent.state, silent.trouble) == ("lost", "no camera")


def says(*lines):
    return "import sys; sys.stderr.write(" + repr("\n".join(lines)) + ")"


def test_of_a_source_that_shows_nothing_the_first_words_tell_why():
    mark = "[in#0 @ 0x55fc2ae99140] "
    lines = [
        f"{mark}Cannot open display :78.",
        f"{mark}Error opening input: Input/output error",
        "Error opening",
    ]
    source = LiveSource([sys.executable, "-c", says(*lines)], ends=False)
    source._read_once()
    assert source.trouble == "Cannot open display :78."


def test_of_a_source_that_was_seen_the_last_words_tell_why_it_ended():
    lines = ["[h264 @ 0x1f] a torn picture", "[rtsp @ 0x1f] [tcp @ 0x2e] Connection timed out"]
    program, *arguments = camera(rate=200, count=3)
    told = f"{says(*lines)}; import runpy; sys.argv = {arguments}; runpy.run_path(sys.argv[0], run_name='__main__')"
    source = LiveSource([program, "-c", told], ends=False)
    source._read_once()
    assert source.received == 3
    assert source.trouble == "Connection timed out"


def test_it_comes_back(open_source):
    source = open_source(camera(rate=200, count=3))
    until(lambda: source.received >= 6)
    assert source.losses >= 1


def test_a_silent_source_is_opened_anew(open_source, monkeypatch):
    monkeypatch.setattr(sources, "SILENCE_SECONDS", 0.5)
    source = open_source([sys.executable, "-c", "import time; time.sleep(60)"])
    until(lambda: source.losses >= 1)


def test_a_file_ends(open_source):
    source = open_source(camera(rate=500, count=4), ends=True)
    until(lambda: source.is_over)
    assert (source.state, source.received, source.losses) == ("ended", 4, 0)
    assert source.take(1).number == 4
    assert source.take(1) is None


def test_close_ends_the_program(open_source):
    source = open_source([sys.executable, "-c", "import time; time.sleep(60)"])
    process = until(lambda: source._process)
    source.close()
    assert process.poll() is not None
    assert not any(thread.is_alive() for thread in source._threads)


def test_ffmpeg_plays_a_file_at_its_own_speed(open_source, traffic):
    begin = time.monotonic()
    source = open_source(stream_command(live_input(str(traffic)), find_ffmpeg()), ends=True)
    first = source.take(20)
    assert first.rgb.shape == (96, 160, 3)
    until(lambda: source.is_over)
    assert 0.6 < time.monotonic() - begin < 15  # 40 pictures of 1/30 s, the first half second at once
    assert source.received >= 38


def test_times_are_the_source_s_own_and_go_on_after_a_loss(open_source):
    source = open_source(camera(rate=25, count=3))
    seconds, arrived = [], []
    while len(seconds) < 6:
        frame = source.take(10)
        seconds.append(frame.seconds)
        arrived.append(frame.arrived)
        if len(seconds) == 3:
            until(lambda: source.losses)
    first, again = seconds[:3], seconds[3:]
    assert first == pytest.approx([0, 0.04, 0.08])
    assert np.diff(again) == pytest.approx([0.04, 0.04])
    assert again[0] - first[0] == pytest.approx(arrived[3] - arrived[0])


def test_every_third_picture_is_given_out_and_the_others_are_no_loss(open_source):
    source = LiveSource(camera(rate=100, count=7), ends=True, every=3)
    source.start()
    numbers = [frame.number for frame in iter(lambda: source.take(5), None)]
    assert set(numbers) <= {1, 4, 7}
    assert (source.received, source.dropped) == (7, 3 - len(numbers))
    source.close()


def test_what_is_no_stream_is_told(open_source):
    source = open_source([sys.executable, "-c", "print('<html>' * 100)"])
    until(lambda: source.losses)
    assert source.state == "lost"
    assert source.trouble


def test_sound_comes_with_the_pictures_times_and_its_form_before_any(traffic):
    heard = []
    command = stream_command(live_input(str(traffic)), find_ffmpeg(), sound=True)
    source = LiveSource(command, ends=True, sound=heard.append)
    source.start()
    until(lambda: source.is_over)
    source.close()
    form, *pieces = heard
    assert (form.rate, form.samples.shape) == (48000, (0, 2))
    assert sum(len(piece.samples) for piece in pieces) == pytest.approx(64000, abs=2048)
    assert pieces[0].seconds == pytest.approx(0, abs=0.03)
    assert pieces[-1].seconds == pytest.approx(40 / 30, abs=0.06)


def test_a_picture_comes_through_before_the_next_one_is_there():
    words = stream_command(LiveInput("pipe", "pipe:0", {"format": "nut"}, ends=True), find_ffmpeg())
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        seen = []
        reader = threading.Thread(target=lambda: seen.extend(read_stream(process.stdout)))
        reader.start()
        with av.open(Pipe(process.stdin), "w", format="nut", container_options={"flush_packets": "1"}) as out:
            stream = out.add_stream("rawvideo", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb24"
            for number in range(40):
                frame = av.VideoFrame(64, 48, "rgb24")
                frame.pts = number
                out.mux(stream.encode(frame))
            until(lambda: len(seen) == 40)
        process.stdin.close()
        reader.join()


class Pipe:
    """A pipe as PyAV takes it: without a place."""

    def __init__(self, pipe):
        self._pipe = pipe

    def write(self, content):
        return self._pipe.write(content)
