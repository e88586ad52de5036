"""`python -m sample_videos.tour FOLDER`: the README's pictures of a picture, a panoptic one and the live page.

The live page needs Chromium; without it that picture is left out.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import av
import cv2

_CLIP = Path(__file__).with_name("drive.mp4")
#: Of the clip: an own lane with a motorcycle, cars on both sides, and a stop sign.
_FRAME = 100
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")


def main() -> None:
    """Make the pictures."""
    parser = argparse.ArgumentParser(
        prog="python -m sample_videos.tour",
        description="The pictures of the README's tour, of the drawn sample.",
    )
    parser.add_argument("folder", type=Path, help="where to; pictures that are there are replaced")
    folder: Path = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as scratch:
        photo = Path(scratch) / "photo.png"
        with av.open(str(_CLIP)) as container:
            next(
                frame for number, frame in enumerate(container.decode(video=0)) if number == _FRAME
            ).to_image().save(photo)
        for name, view in (("picture", "instances"), ("panoptic", "panoptic")):
            made = Path(scratch) / f"{name}.jpg"
            _seg_video(str(photo), str(made), "--view", view, "--quality", "88", "--quiet")
            shutil.copy(made, folder / made.name)
        program = next(filter(None, map(shutil.which, _CHROMIUM)), None)
        if program is None:
            sys.stderr.write("live.jpg is left out: there is no Chromium\n")
            return
        page = Path(scratch) / "live.png"
        _photograph_page(program, page)
        cv2.imwrite(str(folder / "live.jpg"), cv2.imread(str(page)), [cv2.IMWRITE_JPEG_QUALITY, 88])


def _seg_video(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "pipeline", *words], check=True)  # noqa: S603


def _photograph_page(program: str, path: Path) -> None:
    words = [sys.executable, "-m", "pipeline", "live", str(_CLIP), "--loop", "--port", "0"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as live:  # noqa: S603
        assert live.stderr is not None
        try:
            address = re.search(r"http://\S+/", live.stderr.readline())
            assert address is not None
            _wait_for_picture(address[0])
            subprocess.run(  # noqa: S603
                [
                    *(program, "--headless=new", "--no-sandbox", "--hide-scrollbars", "--disable-gpu"),
                    *(
                        f"--screenshot={path.absolute()}",
                        "--window-size=1000,620",
                        "--timeout=6000",
                        address[0],
                    ),
                ],
                check=True,
                stderr=subprocess.DEVNULL,
                timeout=60,
            )
        finally:
            live.terminate()


def _wait_for_picture(address: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{address}snapshot.jpg", timeout=5):  # noqa: S310
                return
        except OSError:
            time.sleep(0.1)
    raise OSError(f"no picture at {address}")


if __name__ == "__main__":
    main()
