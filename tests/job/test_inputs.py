from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InputError, UsageError
from pipeline.job.inputs import pairs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.MP4", "a.mov", "notes.txt", "made_seg.mp4"):
        (tmp_path / name).write_bytes(b"-")
    (tmp_path / "made_seg.mp4.seg-run").mkdir()
    return tmp_path


def named(found):
    return [(str(pair.source), str(pair.output)) for pair in found]


def test_one_input_goes_into_the_file_that_is_named(folder):
    assert named(pairs(["a.mov"], "x.mp4")) == [("a.mov", "x.mp4")]


def test_without_a_name_the_output_lies_here(folder):
    assert named(pairs([str(folder / "a.mov")], None)) == [(str(folder / "a.mov"), "a_seg.mp4")]


def test_a_folder_gives_its_videos_but_none_that_was_made_here(folder):
    assert [Path(source).name for source, _ in named(pairs(["."], "out/"))] == ["a.mov", "b.MP4"]
    assert [output for _, output in named(pairs(["."], "out"))] == ["out/a_seg.mp4", "out/b_seg.mp4"]


def test_a_pattern_and_a_template(folder):
    assert named(pairs(["*.MP4"], "out/{stem}-{name}.mkv")) == [("b.MP4", "out/b-b.MP4.mkv")]


def test_a_name_with_pattern_characters_is_a_name_if_it_is_there(folder):
    (folder / "[x].mp4").write_bytes(b"-")
    assert named(pairs(["[x].mp4"], "out.mp4")) == [("[x].mp4", "out.mp4")]


@pytest.mark.parametrize(
    ("inputs", "output", "error", "words"),
    [
        (["a.mov", "b.MP4"], "out.mp4", UsageError, "one file"),
        (["a.mov"], "a.mov", UsageError, "own output"),
        (["a.mov", "b.MP4"], "out/{stme}.mp4", UsageError, "template"),
        (["a.mov", "b.MP4"], "out/{{same.mp4", UsageError, "2 inputs would go into"),
        (["*.avi"], None, InputError, "Nothing matches"),
    ],
)
def test_what_cannot_be_is_told(folder, inputs, output, error, words):
    with pytest.raises(error, match=words):
        pairs(inputs, output)
