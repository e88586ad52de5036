"""Recordings: their times, their sound, and what is left of one that was cut off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from io import FileIO
from itertools import pairwise

import av
import numpy as np
import pytest

from pipeline.errors import UsageError, WriteError
from pipeline.video.stream.live_stream import StreamSound
from pipeline.video.stream.recording import Recording, _File

#: Uneven on purpose.
SECONDS = [0.0, 0.04, 0.09, 0.5, 0.52, 1.7, 1.74, 2.9, 2.93]
RATE = 8000


def picture(number, size=(48, 64)):
    rgb = np.full((*size, 3), 40, np.uint8)
    rgb[:, number : number + 20] = (250, 60, 20)
    return rgb


def sound(start, stop, rate=RATE):
    return StreamSound(start, rate, np.full((round((stop - start) * rate), 1), 5000, np.int16))


def form():
    return sound(0, 0)


def times_of(path):
    with av.open(str(path)) as container:
        return [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]


def heard(path):
    """The first channel of the sound, as it plays."""
    with av.open(str(path)) as container:
        parts = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return np.concatenate(parts)


def test_pictures_and_sound_keep_their_times(tmp_path):
    recording = Recording(tmp_path / "out.mp4")
    recording.sound(form())
    recording.sound(sound(0, 0.2))  # before there is a picture
    for number, seconds in enumerate(SECONDS):
        recording.picture(picture(number), seconds)
    recording.sound(sound(0.2, 0.5))
    recording.sound(sound(1.5, 2.0))  # a gap of a second
    recording.sound(sound(1.0, 2.5))  # most of it was there already
    recording.close()
    assert times_of(recording.path) == pytest.approx(SECONDS, abs=1e-4)
    loud = np.abs(heard(recording.path)) > 0.05
    edges = np.flatnonzero(np.diff(loud.astype(int))) / RATE
    assert edges[edges > 0.1][:2] == pytest.approx([0.5, 1.5], abs=0.03)
    assert len(loud) / RATE == pytest.approx(2.5, abs=0.2)


def test_the_end_makes_one_whole_file_of_the_fragments(tmp_path):
    recording = Recording(tmp_path / "out.mp4")
    for number, seconds in enumerate(SECONDS):
        recording.picture(picture(number), seconds)
    assert b"moof" in recording.path.read_bytes()
    recording.close()
    content = recording.path.read_bytes()
    assert b"moof" not in content
    assert content.index(b"moov") < content.index(b"mdat")
    assert list(tmp_path.iterdir()) == [recording.path]


def test_other_sizes_are_scaled_to_the_first_and_odd_ones_are_kept(tmp_path):
    recording = Recording(tmp_path / "out.mp4")
    recording.picture(picture(3, (45, 63)), 0.0)
    recording.picture(picture(3, (90, 126)), 0.1)
    recording.close()
    with av.open(str(recording.path)) as container:
        first, second = (frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0))
    assert first.shape == second.shape == (45, 63, 3)
    assert np.abs(first - picture(3, (45, 63))).mean() < 4
    assert np.abs(second[20, 5] - (250, 60, 20)).max() < 30


def test_nothing_is_left_of_a_recording_without_a_picture(tmp_path):
    recording = Recording(tmp_path / "out.mp4")
    recording.sound(form())
    recording.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_replaced_only_if_asked_for(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists"):
        Recording(path)
    Recording(path, replace=True).close()  # no picture came
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("out.mp4", b"mine")]
    recording = Recording(path, replace=True)
    recording.picture(picture(0), 0.0)
    recording.close()
    assert times_of(path) == [0.0]
    with pytest.raises(UsageError, match="no name of a recording"):
        Recording(tmp_path / "out.mkv")
    with pytest.raises(WriteError, match="Cannot write"):
        Recording(tmp_path / "nowhere" / "out.mp4")


def test_a_full_disk_is_told_also_where_the_sound_meets_it(tmp_path, monkeypatch):
    recording = Recording(tmp_path / "out.mp4")
    recording.sound(form())
    recording.picture(picture(0), 0.0)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recording, "_write", full)
    recording.sound(sound(0, 1))
    with pytest.raises(WriteError, match="No space left"):
        recording.picture(picture(1), 0.1)
    monkeypatch.undo()
    recording.close()
    assert times_of(recording.path)[0] == 0


def test_a_full_disk_that_ffmpeg_meets_is_told_by_its_name(tmp_path, monkeypatch):
    recording = Recording(tmp_path / "out.mp4")
    recording._stream.close()
    recording._stream = full = _File(FileIO("/dev/full", "wb"))
    monkeypatch.setattr(os, "fdatasync", lambda _: None)
    noise = np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)
    told = []
    for number in range(40):
        try:
            recording.picture(noise, number / 10)
        except WriteError as error:
            told.append(error.found)
    assert set(told) == {"No space left on device"}
    with pytest.raises(OSError, match="No space left"):
        full.close()


KILLED = """
import sys, time
from pathlib import Path
from tests.video.stream.test_recording import Recording, form, picture, sound
recording = Recording(Path(sys.argv[1]))
recording.sound(form())
for number in range(100):
    recording.picture(picture(number % 40), number / 20)
    recording.sound(sound(number / 20, (number + 1) / 20))
print("there", flush=True)
time.sleep(60)
"""


def test_a_killed_recording_plays_but_for_its_last_seconds(tmp_path, repo_root):
    path = tmp_path / "out.mp4"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], cwd=repo_root, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"there\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    times = times_of(path)
    assert times[-1] > 2.9  # of 4.95
    assert all(after - before == pytest.approx(0.05) for before, after in pairwise(times))
    assert len(heard(path)) / RATE > 2.5


@pytest.mark.parametrize("pictures", [0, 1])
def test_a_file_that_came_under_its_name_meanwhile_is_left_alone(tmp_path, pictures):
    recording = Recording(tmp_path / "r.mp4")
    for _ in range(pictures):
        recording.picture(picture(0), 0.0)
    (tmp_path / "r.mp4").rename(tmp_path / "moved.mp4")
    (tmp_path / "r.mp4").write_bytes(b"mine")
    with pytest.raises(UsageError, match="left alone"):
        recording.close()
    assert (tmp_path / "r.mp4").read_bytes() == b"mine"
    if pictures:
        assert times_of(tmp_path / "moved.mp4") == [0.0]
