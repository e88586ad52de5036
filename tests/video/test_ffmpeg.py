from __future__ import annotations

import os
import shutil
import stat
import time
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import pytest

from pipeline.errors import MediaError
from pipeline.video.ffmpeg import find_ffmpeg, from_file, run_ffmpeg, to_file
from tests.footage import packets_of, write_clip


def program(folder: Path, script: str, version: str = "4.4") -> Path:
    path = folder / "ffmpeg"
    about = f"ffmpeg version {version} Copyright"
    path.write_text(f'#!/bin/sh\n[ "$1" = -version ] && echo "{about}" && exit 0\n{script}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_the_variable_comes_before_path_and_path_before_what_imageio_carries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "named").mkdir()
    (tmp_path / "bin").mkdir()
    named, on_path = program(tmp_path / "named", "exit 0"), program(tmp_path / "bin", "exit 0")
    monkeypatch.setenv("SEG_VIDEO_FFMPEG", str(named))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find_ffmpeg() == named
    monkeypatch.delenv("SEG_VIDEO_FFMPEG")
    assert find_ffmpeg() == on_path
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ffmpeg() == Path(imageio_ffmpeg.get_ffmpeg_exe())


def test_a_program_that_is_too_old_is_passed_over_and_refused_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = program(tmp_path, "exit 0", version="4.3.9-0+deb11u1")
    monkeypatch.delenv("SEG_VIDEO_FFMPEG", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ffmpeg() == Path(imageio_ffmpeg.get_ffmpeg_exe())
    monkeypatch.setenv("SEG_VIDEO_FFMPEG", str(old))
    with pytest.raises(MediaError, match=r"name version 4\.4 or newer"):
        find_ffmpeg()


@pytest.mark.parametrize("version", ["4.4", "n7.1.1-2-gabc", "N-118000-gdeadbeef", "10.0"])
def test_every_way_to_write_a_new_version_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("SEG_VIDEO_FFMPEG", str(program(tmp_path, "exit 0", version)))
    assert find_ffmpeg() == tmp_path / "ffmpeg"


@pytest.mark.parametrize("which", ["carried", "system"])
def test_two_versions_make_the_same_of_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    found = Path(imageio_ffmpeg.get_ffmpeg_exe()) if which == "carried" else shutil.which("ffmpeg")
    if found is None:
        pytest.skip("there is no second ffmpeg on PATH of this machine")
    monkeypatch.setenv("SEG_VIDEO_FFMPEG", str(found))
    clip = write_clip(tmp_path / "clip.mp4")
    run_ffmpeg(
        to_file(tmp_path / "copy.mp4", from_file(clip), c="copy", video_track_timescale=600),
        timeout_seconds=60,
    )
    run_ffmpeg(
        to_file(tmp_path / "copy.mp4", from_file(clip), c="copy", video_track_timescale=600),
        timeout_seconds=60,
    )  # replaces it
    assert packets_of(tmp_path / "copy.mp4", "video") == packets_of(clip, "video")
    with pytest.raises(MediaError, match="exit code"):
        run_ffmpeg(to_file(tmp_path / "x.mp4", from_file(tmp_path / "none.mp4")), timeout_seconds=60)


def test_a_variable_that_names_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEG_VIDEO_FFMPEG", "/no/such/ffmpeg")
    with pytest.raises(MediaError, match="found: /no/such/ffmpeg"):
        find_ffmpeg()


def test_a_failure_carries_command_exit_code_and_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "for n in 1 2 3 4 5 6 7 8 9; do echo line $n >&2; done; exit 3"
    monkeypatch.setenv("SEG_VIDEO_FFMPEG", str(program(tmp_path, script)))
    with pytest.raises(MediaError) as caught:
        run_ffmpeg(to_file(tmp_path / "out.mp4", ffmpeg.input("a b")), timeout_seconds=10)
    message = str(caught.value)
    assert "-i 'a b'" in message
    assert "exit code 3" in message
    assert "line 9" in message
    assert "line 1" not in message


def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = f"echo $$ > {tmp_path}/pid; exec sleep 60"
    monkeypatch.setenv("SEG_VIDEO_FFMPEG", str(program(tmp_path, script)))
    started = time.monotonic()
    with pytest.raises(MediaError, match=r"no end after 0.5 s"):
        run_ffmpeg(ffmpeg.output(ffmpeg.input("a"), "pipe:"), timeout_seconds=0.5)
    assert time.monotonic() - started < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_any_name_reaches_the_program_as_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "-y 'quoted' %d; 한글.mp4"
    write_clip(tmp_path / "clip.mp4").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    made = ffmpeg.output(from_file(Path(name))["v"], "pipe:", c="copy", f="framehash")
    listing = run_ffmpeg(made, timeout_seconds=60)
    assert len([line for line in listing.decode().splitlines() if not line.startswith("#")]) == 10


def test_the_program_opens_no_file_that_a_playlist_names(tmp_path: Path) -> None:
    write_clip(tmp_path / "secret.ts")
    playlist = tmp_path / "list.mp4"
    playlist.write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(MediaError, match="exit code"):
        run_ffmpeg(ffmpeg.output(from_file(playlist), "pipe:", f="null"), timeout_seconds=60)
