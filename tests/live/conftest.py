"""A camera, a network that needs no weights, and a session of both in a browser's reach."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from pipeline.live.server import LiveServer
from pipeline.live.session import LiveSession
from pipeline.live.source import LiveSource
from pipeline.render.drawn_view import DrawnView
from pipeline.render.settings import RenderSettings
from pipeline.structures.detections import Detections
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.track.settings import TrackSettings
from tests import patience

CAMERA = Path(__file__).with_name("moving_square.py")
NAMES = {1: "person", 3: "car"}
SKY_AND_ROAD = PixelClasses.of({"sky": (0, 0, 255), "road": (0, 255, 0)})
OBJECTS = DrawnView.of(None, "squares", NAMES, None)
BOTH = DrawnView.of("panoptic", "squares", NAMES, SKY_AND_ROAD)


def camera(rate=50, count=-1):
    return [sys.executable, str(CAMERA), str(rate), str(count)]


def find_square(rgb, *, class_map=False):
    """The bright square, a car with 0.8; sky over road."""
    bright = np.argwhere(rgb[..., 0] > 200)
    top, left = bright.min(axis=0)
    bottom, right = bright.max(axis=0) + 1
    found = Detections(
        np.array([[left, top, right, bottom]], np.float32),
        np.array([0.8], np.float32),
        np.array([3], np.int32),
        np.full((1, 28, 28), 255, np.uint8),
    )
    return found, (np.arange(24)[:, None] // 12 + np.zeros(40)).astype(np.uint8) if class_map else None


def until(condition, seconds=60.0):
    """The first true value of `condition`, which a live view has within a minute."""
    return patience.until(condition, seconds)


@pytest.fixture
def make_session():
    """make_session(command, ends=..., find=..., **render): a session in a thread, ended after the test."""
    made = []

    def make(command=None, *, ends=False, find=find_square, widest=OBJECTS, record=None, **render):
        source = LiveSource(command or camera(), ends=ends)
        session = LiveSession(source, find, widest, RenderSettings(**render), TrackSettings(), record)
        thread = threading.Thread(target=session.run)
        made.append((session, thread))
        thread.start()
        return session

    yield make
    for session, thread in made:
        session.close()
        thread.join(timeout=20)
        assert not thread.is_alive()


@pytest.fixture
def serve():
    """serve(session): its server, on a free port."""
    servers = []

    def start(session, host="127.0.0.1"):
        server = LiveServer(session, host, 0)
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()
