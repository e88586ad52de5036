"""Cameras at an address of this machine: what they send is seen, and seen again when they come back."""

from __future__ import annotations

import socket
import subprocess

import pytest

from pipeline.live.opening import live_input, stream_command
from pipeline.live.source import LiveSource
from pipeline.video.ffmpeg import find_ffmpeg
from tests.live.conftest import camera, until
from tests.live.rtsp_camera import RtspCamera


@pytest.fixture
def look(monkeypatch):
    """look(address): a source that tries again at once, and is closed after the test."""
    monkeypatch.setattr("pipeline.live.source.FIRST_PAUSE", 0.1)
    opened = []

    def start(address):
        source = LiveSource(stream_command(live_input(address), find_ffmpeg()), ends=False)
        opened.append(source)
        source.start()
        return source

    yield start
    for source in opened:
        source.close()


def test_a_camera_by_rtsp_goes_and_comes_back(look, traffic, tmp_path):
    seen = RtspCamera(find_ffmpeg(), traffic, tmp_path)
    source = look(f"rtsp://127.0.0.1:{seen.port}/1")
    assert until(lambda: source.take(1)).rgb.shape == (96, 160, 3)
    seen.close()
    until(lambda: source.losses)
    before = source.received
    again = RtspCamera(find_ffmpeg(), traffic, tmp_path, seen.port)
    until(lambda: source.received > before)
    again.close()


def test_a_sender_by_rtmp_that_was_not_there_is_waited_for(look, traffic):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"rtmp://127.0.0.1:{free.getsockname()[1]}/live/drive"
    source = look(address)
    until(lambda: source.losses)
    film = ["-re", "-stream_loop", "-1", "-i", traffic, "-c", "copy", "-f", "flv", "-listen", "1"]
    with subprocess.Popen([find_ffmpeg(), "-loglevel", "quiet", "-nostdin", *film, address]) as sender:
        assert until(lambda: source.take(1)).rgb.shape == (96, 160, 3)
        sender.kill()


def test_the_stream_of_pictures_is_a_source_by_http_itself(look, make_session, serve):
    server = serve(make_session(camera(rate=50)))
    source = look(f"{server.address}stream.mjpg")
    assert until(lambda: source.take(1)).rgb.shape == (96, 160, 3)
    before = source.received
    until(lambda: source.received > before + 3)
    assert not source.losses
