"""The page in headless Chromium: moving masked pictures, controls that work, keyboard and screen reader."""

from __future__ import annotations

import pytest

from tests.live.browser import Browser, find_chromium
from tests.live.conftest import BOTH, SKY_AND_ROAD, camera, until

#: Red, green and blue of the page's picture at its middle row, as the browser has them.
PIXELS = """(() => {
  const image = document.getElementById("picture"), canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return [...context.getImageData(0, 35, canvas.width, 1).data];
})()"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    program = find_chromium()
    if program is None:
        pytest.skip("needs Chromium, which is not installed")
    browser = Browser(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def page(chromium, make_session, serve):
    """A running session without labels, shown by class; its page is open."""
    session = make_session(camera(rate=20), widest=BOTH, style=("masks",), color_by="class")
    server = serve(session)
    until(lambda: session.shown is not None)
    chromium.open(server.address)
    chromium.until(
        "typeof at === 'function' && parseFloat(at('rate').textContent) > 0 && at('picture').naturalWidth === 160"
    )
    return chromium, session


def coloured(row):
    """Columns of a row of red, green, blue, alpha that are no grey."""
    pixels = [row[place : place + 3] for place in range(0, len(row), 4)]
    return [column for column, pixel in enumerate(pixels) if max(pixel) - min(pixel) > 60]


def test_the_page_shows_masked_pictures_that_move(page):
    browser, _ = page
    before = coloured(browser.value(PIXELS))
    assert 28 <= len(before) <= 36
    until(lambda: (after := coloured(browser.value(PIXELS))) and after != before)
    assert browser.until("at('rows').textContent").startswith("car1")
    assert browser.value("at('size').textContent.match(/[0-9]+/g)") == ["160", "96"]
    assert browser.until("at('state').textContent") == "running"


def test_controls_change_the_picture(page):
    browser, session = page
    browser.value("at('conf').value = 0.9; at('conf').dispatchEvent(new Event('input')); 0")
    until(lambda: not coloured(browser.value(PIXELS)))
    browser.value("at('conf').value = 0.5; at('conf').dispatchEvent(new Event('input')); 0")
    until(lambda: coloured(browser.value(PIXELS)))
    browser.value("boxes.find(box => box.value === 'car').click(); 0")
    until(lambda: not coloured(browser.value(PIXELS)))
    assert session.controls.classes == ("person", "road", "sky")
    browser.value("at('all').click(); 0")
    until(lambda: coloured(browser.value(PIXELS)))


def test_the_keyboard_reaches_and_works_every_control(page):
    browser, session = page
    reached = []
    for _ in range(9):
        browser.press("Tab", "Tab")
        reached.append(browser.value("document.activeElement.id || document.activeElement.value"))
        if reached[-1] == "pause":
            browser.press(" ", "Space")
            until(lambda: session.controls.paused)
            browser.until("at('pause').getAttribute('aria-pressed') === 'true'")
            browser.press(" ", "Space")
            until(lambda: not session.controls.paused)
        if reached[-1] == "conf":
            browser.press("ArrowRight", "ArrowRight")
            until(lambda: session.controls.conf == pytest.approx(0.55))
        if reached[-1] == "view":
            browser.press("ArrowDown", "ArrowDown")
            until(lambda: session.controls.view == "semantic")
            browser.until("at('shares').textContent.startsWith('sky')")
            colour = "getComputedStyle(document.querySelector('#shares .colour')).backgroundColor"
            assert browser.value(colour) == f"rgb{SKY_AND_ROAD.by_name['sky']}"
        if reached[-1] == "car":
            browser.press(" ", "Space")
            until(lambda: session.controls.classes == ("person", "road", "sky"))
    assert reached[:8] == ["pause", "still", "view", "conf", "all", "classes", "car", "person"]


def test_a_screen_reader_is_told_what_everything_is(page):
    browser, _ = page
    told = browser.accessible()
    for role, name in (
        ("heading", "seg-video live"),
        ("image", "The live picture, painted over with what is found"),
        ("button", "Pause"),
        ("link", "Keep a still"),
        ("checkbox", "car"),
        ("button", "Show all"),
        ("combobox", "View"),
        ("group", "Classes"),
        ("rowheader", "car"),
    ):
        assert (role, name) in told
    assert any(role == "slider" and name.startswith("Least score") for role, name in told)
    assert any(role == "status" for role, _ in told)
    assert browser.value("document.documentElement.lang") == "en"


def test_the_page_tells_of_a_lost_camera_and_goes_on(chromium, make_session, serve, monkeypatch):
    monkeypatch.setattr("pipeline.live.source.FIRST_PAUSE", 2.0)
    session = make_session(camera(rate=20, count=30), style=("masks",))
    server = serve(session)
    chromium.open(server.address)
    chromium.until("typeof at === 'function' && at('state').textContent.startsWith('lost')", 30)
    assert chromium.value("at('state').dataset.bad") == "true"
    chromium.until("at('state').textContent === 'running'", 30)
    assert session.source.losses >= 1
