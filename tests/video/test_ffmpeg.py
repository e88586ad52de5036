from __future__ import annotations

import stat
from pathlib import Path

import imageio_ffmpeg
import pytest

from pipeline.errors import MediaError
from pipeline.video.ffmpeg import find_ffmpeg


def program(folder: Path, version: str = "4.4") -> Path:
    path = folder / "ffmpeg"
    about = f"ffmpeg version {version} Copyright"
    path.write_text(f'#!/bin/sh\n[ "$1" = -version ] && echo "{about}"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_the_variable_comes_before_path_and_path_before_what_imageio_carries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "named").mkdir()
    (tmp_path / "bin").mkdir()
    named, on_path = program(tmp_path / "named"), program(tmp_path / "bin")
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
    old = program(tmp_path, version="4.3.9-0+deb11u1")
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
    monkeypatch.setenv("SEG_VIDEO_FFMPEG", str(program(tmp_path, version)))
    assert find_ffmpeg() == tmp_path / "ffmpeg"


def test_a_variable_that_names_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEG_VIDEO_FFMPEG", "/no/such/ffmpeg")
    with pytest.raises(MediaError, match="found: /no/such/ffmpeg"):
        find_ffmpeg()
