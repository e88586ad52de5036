"""The live picture over HTTP."""

from __future__ import annotations

import http.client
import io
import json
import socket
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import ConfigError, UsageError
from pipeline.live import handler
from pipeline.live import session as sessions
from pipeline.live.server import LiveServer
from pipeline.live.session import _next_classes
from pipeline.live.source import LiveFrame
from pipeline.structures.detections import Detections
from tests.live.conftest import BOTH, NAMES, camera, find_square, until


def ask(server, path, method="GET", body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        headers = {key.replace("_", "-"): value for key, value in headers.items()}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def control(server, **wishes):
    status, told = ask(server, "/control", "POST", json.dumps(wishes), Content_Type="application/json")
    return status, json.loads(told)


def picture(server):
    status, content = ask(server, "/snapshot.jpg")
    assert status == 200
    return np.asarray(Image.open(io.BytesIO(content))).astype(int)


def is_masked(pixels):
    """Whether the middle of some bright square is coloured: what is grey has equal channels."""
    return bool((np.ptp(pixels[30:40], axis=2) > 60).any())


@pytest.fixture
def live(make_session, serve):
    """A running session with masks alone, shown by class, and its server."""
    session = make_session(style=("masks",), color_by="class")
    server = serve(session)
    until(lambda: session.shown is not None)
    return session, server


def test_the_page_knows_the_classes_and_loads_nothing_from_elsewhere(live):
    _, server = live
    status, page = ask(server, "/")
    assert status == 200
    assert b'const NAMES = ["car", "person"], VIEWS = ["instances"], COLOURS = new Map([]);' in page
    assert b"//" not in page.replace(b"http://", b"").split(b"<script>")[0]


def test_a_still_is_the_masked_picture(live):
    session, server = live
    pixels = picture(server)
    assert pixels.shape == (96, 160, 3)
    assert is_masked(pixels)
    assert session.shown.facts["now"] == {"car": 1}


def stream(server, pictures):
    """So many pictures of the stream, each as soon as the head of the next is there, by which browsers show it."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/stream.mjpg")
    answer = connection.getresponse()
    assert answer.headers.get_content_type() == "multipart/x-mixed-replace"
    boundary = answer.headers.get_param("boundary").encode()
    head, content = b"--" + boundary + b"\r\nContent-Type: image/jpeg\r\n\r\n", b""
    while content.count(head) <= pictures:
        content += answer.fp.read1(1 << 16)
    connection.close()
    return content.split(head)[1:-1]


def test_the_stream_is_pictures_that_move(live):
    _, server = live
    seen = stream(server, 5)
    assert len(set(seen)) > 1  # more may come in one reading, and a slow machine shows one again
    assert all(Image.open(io.BytesIO(content)).size == (160, 96) for content in seen)


def test_a_browser_need_not_wait_for_the_next_picture_to_show_this_one(live, monkeypatch):
    monkeypatch.setattr("pipeline.live.handler._HEARTBEAT_SECONDS", 60)
    session, server = live
    control(server, paused=True)
    until(
        lambda: session.wait(session.shown.number, 0.5) is None
    )  # what was in work as it paused comes after it
    assert len(stream(server, 1)) == 1
    assert session.controls.paused


def events(server, count):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/detections")
    answer = connection.getresponse()
    assert answer.headers.get_content_type() == "text/event-stream"
    lines = []
    while len(lines) < count:
        line = answer.fp.readline()
        if line.startswith(b"data: "):
            lines.append(json.loads(line[6:]))
    connection.close()
    return lines


def test_events_tell_what_is_seen(live):
    _, server = live
    told = events(server, 4)
    numbers = [facts["number"] for facts in told]
    assert numbers == sorted(set(numbers))
    last = told[-1]
    assert [entry["class"] for entry in last["objects"]] == ["car"]
    assert last["objects"][0]["box"][2] - last["objects"][0]["box"][0] == 32
    assert (last["width"], last["height"], last["state"]) == (160, 96, "running")
    assert last["delay_ms"] < 2000
    assert last["rate"] > 1
    assert "car" in last["seen"]


def test_controls_act_at_once_also_on_a_picture_that_stands(live):
    session, server = live
    assert control(server, paused=True)[0] == 200
    until(lambda: session.shown.facts["state"] == "paused")
    before = picture(server)
    assert is_masked(before)
    control(server, conf=0.9)
    until(lambda: not is_masked(picture(server)))
    control(server, conf=0.5, classes=["person"])
    time.sleep(0.2)
    assert not is_masked(picture(server))
    control(server, classes=["car"])
    until(lambda: is_masked(picture(server)))
    assert np.array_equal(picture(server), before)  # the same picture of the source all the time
    number = session.shown.number
    control(server, paused=False, classes=[])
    until(lambda: session.shown.number > number + 3)


def test_the_view_is_a_control_that_acts_on_a_picture_that_stands(make_session, serve):
    looked = []
    session = make_session(
        find=lambda rgb, **more: looked.append(more) or find_square(rgb, **more),
        widest=BOTH, style=("masks",), color_by="class", alpha=1.0,
    )  # fmt: skip
    server = serve(session)
    until(lambda: session.shown is not None)
    assert b'VIEWS = ["instances", "semantic", "panoptic"]' in ask(server, "/")[1]
    control(server, paused=True)
    until(lambda: session.shown.facts["state"] == "paused")
    sky, road, square = (5, 150), (90, 150), (35, slice(None))
    instances = session.shown.rgb
    assert looked == [{"class_map": False}] * len(looked)
    assert instances[sky].tolist() == [40, 40, 40]
    control(server, view="panoptic")
    until(lambda: session.shown.facts["controls"]["view"] == "panoptic")
    assert looked[-1] == {"class_map": True}
    assert [session.shown.rgb[at].tolist() for at in (sky, road)] == [[0, 0, 255], [0, 255, 0]]
    assert session.shown.facts["now"] == {"car": 1}
    assert session.shown.facts["shares"] == {"sky": 0.5, "road": 0.5}
    control(server, view="semantic", classes=["sky"])
    until(lambda: session.shown.facts["controls"]["view"] == "semantic")
    assert (session.shown.rgb[square] == [0, 0, 255]).all()
    assert session.shown.rgb[road].tolist() == [40, 40, 40]
    assert session.shown.facts["objects"] == []
    control(server, view="instances", classes=["sky"])
    until(lambda: session.shown.facts["controls"]["view"] == "instances")
    assert not is_masked(session.shown.rgb.astype(int))
    assert control(server, view="depth")[0] == 400


def test_a_pixel_takes_another_class_once_two_maps_agree_on_it():
    shown, classes = [], None
    for number, found in enumerate([0, 0, 1, 0, 0, 1, 1, 0]):
        arrived = number / 10 if number < 7 else 9.0  # behind a pause a map counts by itself
        frame = LiveFrame(np.zeros((4, 6, 3), np.uint8), arrived, number, arrived)
        classes = _next_classes(classes, frame, np.full((2, 3), found, np.uint8))
        shown.append(int(classes.shown[0, 0]))
    assert shown == [0, 0, 0, 0, 0, 0, 1, 0]
    assert _next_classes(classes, frame, None) is None


def test_an_object_keeps_its_colour(make_session):
    """Also while others come and go at its side, which would have the colours of all chosen anew."""
    calls, colours = [], set()

    def find(rgb, *, class_map):
        square, _ = find_square(rgb)
        calls.append(1)
        count = len(calls) % 4
        others = Detections(
            np.array([[20.0 * n, 60, 20.0 * n + 15, 90] for n in range(count)], np.float32).reshape(-1, 4),
            np.full(count, 0.9, np.float32), np.full(count, 1, np.int32), np.full((count, 28, 28), 255, np.uint8),
        )  # fmt: skip
        boxes, scores, ids, masks = (
            np.concatenate([getattr(others, name), getattr(square, name)])
            for name in ("boxes", "scores", "class_ids", "roi_masks")
        )
        return Detections(boxes, scores, ids, masks), None

    def record(rgb, _):
        (bright,) = np.flatnonzero(rgb[36].max(axis=1) > 100)[None]
        colours.add(tuple(rgb[36, bright[16]].tolist()))

    make_session(find=find, record=record, style=("masks",))
    until(lambda: len(calls) > 12)
    assert len(colours) == 1


@pytest.mark.parametrize(
    "wishes",
    [
        {"conf": 0},
        {"conf": "0.5"},
        {"classes": ["lorry"]},
        {"classes": "car"},
        {"paused": 1},
        {"view": "panoptic"},
        {"x": 1},
    ],
)
def test_wishes_that_cannot_be_are_refused(live, wishes):
    session, server = live
    before = session.controls
    status, told = control(server, **wishes)
    assert status == 400
    assert told["error"]
    assert session.controls == before


def test_what_is_no_json_or_too_deep_is_answered(live):
    _, server = live
    for text in ("{", "[" * 9000):
        status, told = ask(server, "/control", "POST", text, Content_Type="application/json")
        assert (status, "error" in json.loads(told)) == (400, True)


def test_other_sites_get_in_by_no_way(live):
    session, server = live
    assert ask(server, "/state", Host="evil.example")[0] == 403
    assert ask(server, "/control", "POST", "{}", Content_Type="text/plain")[0] == 415
    assert ask(server, "/control", "POST", "[]", Content_Type="application/json")[0] == 400
    assert ask(server, "/control", "POST", "x" * 20000, Content_Type="application/json")[0] == 413
    assert ask(server, "/../pyproject.toml")[0] == 404
    assert not session.controls.paused


def test_at_another_address_everything_lies_behind_a_token(live, serve):
    session, _ = live
    server = serve(session, host="0.0.0.0")
    assert len(server.door.token) >= 32
    assert server.address.endswith(f":{server.port}/{server.door.token}/")
    assert "0.0.0.0" not in server.address  # which another machine would take for itself
    assert ask(server, "/")[0] == 403
    assert ask(server, "/wrong/snapshot.jpg")[0] == 403
    assert ask(server, f"/{server.door.token}/snapshot.jpg")[0] == 200


def test_an_address_that_cannot_be_had_is_told(live):
    session, server = live
    with pytest.raises(UsageError, match=rf"{server.port}[^!]*another --port"):
        LiveServer(session, "127.0.0.1", server.port)
    for host in ("192.0.2.7", "no.such.host.invalid"):
        with pytest.raises(UsageError, match="give --host an address of this machine"):
            LiveServer(session, host, server.port)


def test_a_class_that_is_none_is_refused_before_anything_starts(make_session):
    with pytest.raises(ConfigError, match="car"):
        make_session(classes=("cars",))


def files_open():
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_a_class_is_asked_for_in_any_case(make_session):
    assert make_session(classes=("PERSON", " 3")).controls.classes == ("person", "car")


def test_a_hundred_viewers_leave_nothing_behind(live):
    _, server = live
    until(lambda: server.door.viewers == 0)
    threads, files = threading.active_count(), files_open()
    for number in range(100):
        viewer = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        path = b"/detections" if number % 3 else b"/stream.mjpg"
        viewer.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert viewer.recv(100).startswith(b"HTTP/1.1 200")
        viewer.close()
    until(lambda: server.door.viewers == 0)
    until(lambda: threading.active_count() <= threads and files_open() <= files)


def test_too_many_viewers_are_turned_away(live, monkeypatch):
    _, server = live
    monkeypatch.setattr("pipeline.live.door.MOST_VIEWERS", 0)
    for path in ("/stream.mjpg", "/detections"):
        assert ask(server, path) == (503, b"There are 64 viewers, and no room for another; close one.\n")
    assert ask(server, "/")[0] == 200


def test_a_still_before_the_first_picture_is_told_what_it_waits_for(make_session, serve):
    server = serve(make_session([sys.executable, "-c", "import sys; sys.exit('no camera')"]))
    said = until(lambda: [told for told in [ask(server, "/snapshot.jpg")] if b":" in told[1]])
    assert said == [(503, b"No picture has come yet: no camera; ask again.\n")]


def test_a_viewer_that_takes_nothing_holds_up_nobody_and_is_let_go(live, monkeypatch):
    session, server = live
    monkeypatch.setattr(handler.LiveHandler, "timeout", 1.0)
    accept = handler.LiveHTTPServer.get_request

    def accept_with_little_room(self):
        # By itself the room of a connection grows to what these small pictures would take half a minute to fill.
        connection, address = accept(self)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return connection, address

    monkeypatch.setattr(handler.LiveHTTPServer, "get_request", accept_with_little_room)
    sleeper = socket.socket()
    sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    sleeper.connect(("127.0.0.1", server.port))
    sleeper.sendall(b"GET /stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
    until(lambda: server.door.viewers == 1)
    number = session.shown.number
    assert len(events(server, 10)) == 10
    assert session.shown.number >= number + 9
    until(lambda: server.door.viewers == 0, 60)
    sleeper.close()


def test_viewers_share_one_network_and_one_encoding(make_session, serve, monkeypatch):
    looked = []
    session = make_session(find=lambda rgb, **more: looked.append(1) or find_square(rgb, **more))
    server = serve(session)
    until(lambda: session.shown is not None)
    saved = []
    save = Image.Image.save
    monkeypatch.setattr(Image.Image, "save", lambda self, *a, **k: saved.append(1) or save(self, *a, **k))
    viewers = [threading.Thread(target=events, args=(server, 5)) for _ in range(6)]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.join()
    assert saved == []  # nobody has asked for a picture
    shown = session.shown
    assert len({id(shown.jpeg) for _ in range(5)}) == 1
    assert len(saved) == 1
    assert abs(len(looked) - session.shown.number) <= 2


def test_a_lost_camera_is_told_and_comes_back(make_session, serve):
    session = make_session(camera(rate=100, count=20))
    server = serve(session)
    until(lambda: session.source.losses >= 1)
    until(lambda: any(facts["state"] == "lost" for facts in events(server, 3)), 30)
    number = session.shown.number
    until(lambda: session.shown.number > number)


def test_a_session_ends_with_its_file(make_session, monkeypatch):
    tidied = []
    monkeypatch.setattr(sessions, "_TIDY_SECONDS", 0.0)
    monkeypatch.setattr(sessions, "give_back_memory", lambda: tidied.append(True))
    session = make_session(camera(rate=100, count=6), ends=True)
    until(lambda: session.is_over)
    assert len(tidied) >= session.shown.number
    assert session.shown.number >= 1
    assert session.shown.facts["received"] == 6
    assert NAMES[3] in session.shown.facts["seen"]
