from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.errors import InputError, UsageError
from pipeline.job.arguments import inputs_and_output
from pipeline.job.inputs import check_together, is_listing, pairs
from pipeline.job.protection import check_replaceable


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


def test_a_list_names_files_and_addresses_a_line_each(folder):
    (folder / "list.txt").write_text("\ufeffa.mov\n\n  b.MP4\nhttps://host/c.mp4\n", encoding="utf-8")
    assert named(pairs(["list.txt"], "out")) == [
        *(("a.mov", "out/a_seg.mp4"), ("b.MP4", "out/b_seg.mp4")),
        ("https://host/c.mp4", "out/c_seg.mp4"),
    ]
    assert [is_listing(["list.txt"], output) for output in ("out/", None, "s3://bucket/out/")] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("kind", ["fifo", "endless", "folder", "zero", "UTF-16"])
def test_a_list_that_is_none_is_told_at_once(folder, kind):
    path = folder / "list.txt"
    {
        "fifo": lambda: os.mkfifo(path),
        "endless": lambda: path.write_text("x" * 5000),
        "folder": path.mkdir,
        "zero": lambda: path.write_text("a\0b.mp4"),
        "UTF-16": lambda: path.write_text("a.mov", encoding="utf-16"),
    }[kind]()
    words = r"text file of names|too long|a NUL character|UTF-8 text; in PowerShell"
    with pytest.raises((InputError, UsageError), match=words):
        pairs(["list.txt"], "out/")


def test_a_name_with_pattern_characters_is_a_name_if_it_is_there(folder):
    (folder / "[x].mp4").write_bytes(b"-")
    assert named(pairs(["[x].mp4"], "out.mp4")) == [("[x].mp4", "out.mp4")]


@pytest.mark.parametrize(
    ("inputs", "output", "error", "words"),
    [
        (["a.mov", "b.MP4"], "out.mp4", UsageError, "one file"),
        (["a.mov"], "a.mov", UsageError, "own output"),
        (["a.mov", "b.MP4"], "out/{stme}.mp4", UsageError, "template"),
        (["a.mov", "b.MP4"], "out/{{same.mp4", UsageError, "2 inputs would be written to"),
        (["*.avi"], None, InputError, "Nothing matches"),
    ],
)
def test_what_cannot_be_is_told(folder, inputs, output, error, words):
    with pytest.raises(error, match=words):
        pairs(inputs, output)


@pytest.mark.parametrize(("paths", "output"), [(["a.mov", ""], None), (["a.mov"], ""), ([""], "out.mp4")])
def test_a_path_without_a_name_is_told_and_is_no_folder(paths, output):
    with pytest.raises(UsageError, match="empty"):
        inputs_and_output(paths, output)


def test_one_input_s_output_is_never_another_input(folder):
    """`seg-video . ./ -y` with a.mov and a file that is called like its output."""
    (folder / "a_seg.mp4").write_bytes(b"precious")
    with pytest.raises(
        UsageError, match=r"a_seg\.mp4 is an input, and would be overwritten by the output of a\.mov"
    ):
        pairs(["."], "./")


@pytest.mark.parametrize("spelling", ["link", "folder link", "hard link", "other path"])
def test_an_input_is_known_under_any_name(folder, spelling):
    (folder / "out").mkdir()
    output = folder / "out" / "x.mp4"
    if spelling == "link":
        output.symlink_to(folder / "b.MP4")
    elif spelling == "hard link":
        output.hardlink_to(folder / "b.MP4")
    elif spelling == "folder link":
        (folder / "way").symlink_to(folder)
        output = folder / "way" / "b.MP4"
    else:
        output = folder / "out" / ".." / "b.MP4"
    with pytest.raises(UsageError, match="is an input, and would be overwritten"):
        check_together([(["a.mov"], str(output)), (["b.MP4"], "y.mp4")])


def test_an_input_is_known_where_a_stands_for_a_large_one_and_inodes_are_made_up(folder, monkeypatch):
    stat = Path.stat

    def folding(self, **options):
        """As on a share that takes A for a, and gives each spelling an inode of its own."""
        return stat(self if self.name != "A.MOV" else folder / "b.MP4", **options)

    (folder / "A.mov").write_bytes(b"another one, where letters count")
    assert named(pairs(["a.mov"], "A.mov")) == [("a.mov", "A.mov")]
    monkeypatch.setattr(Path, "stat", folding)
    with pytest.raises(UsageError, match="own output"):
        pairs(["a.mov"], "A.MOV")


@pytest.mark.parametrize("output", ["./", "out/", "new/folder/"])
def test_outputs_in_other_letters_are_one_where_a_stands_for_a_large_one(folder, monkeypatch, output):
    def folding(path):
        path = Path(path)
        return path.name.lower() in {entry.name.lower() for entry in path.parent.iterdir()}

    (folder / "card").mkdir()
    (folder / "card" / "A.mov").write_bytes(b"-")
    (folder / "out").mkdir()
    (folder / "out" / "HERE").write_bytes(b"-")
    assert len(pairs(["a.mov", "card/A.mov"], output)) == 2
    monkeypatch.setattr(os.path, "lexists", folding)
    with pytest.raises(UsageError, match=r"(?s)2 inputs would be written to .*takes A for a"):
        pairs(["a.mov", "card/A.mov"], output)


def test_jobs_of_a_command_know_of_each_other(folder):
    with pytest.raises(UsageError, match="2 inputs would be written to x"):
        check_together([(["a.mov"], "x.mp4"), (["b.MP4"], "./x.mp4")])
    check_together([(["a.mov"], "x.mp4"), (["b.MP4"], "y.mp4"), (["a.mov"], "x.mp4")])


def test_an_input_within_the_run_s_own_folder_is_refused(folder):
    parts = folder / "x.mp4.seg-run" / "work" / "parts"
    parts.mkdir(parents=True)
    (parts / "000000.mp4").write_bytes(b"-")
    with pytest.raises(UsageError, match="lies in the folder of the run"):
        pairs([str(parts / "000000.mp4")], "x.mp4")


@pytest.mark.parametrize(
    "template",
    [
        "{stem.__class__}",
        "{stem!r}",
        "{stem:>9999999999}",
        "{0}",
        "{}",
        "{stem[0]}",
        "{",
        "{stem}}",
        "{name.real}",
    ],
)
def test_a_template_is_filled_and_never_evaluated(folder, template):
    with pytest.raises(UsageError, match="is not a valid template"):
        pairs(["a.mov"], f"out/{template}.mp4")


def test_doubled_braces_are_braces(folder):
    assert named(pairs(["a.mov"], "{{{stem}}}-{{stem}}.mp4")) == [("a.mov", "{a}-{stem}.mp4")]


@pytest.mark.parametrize("name", ["x" * 300 + ".mp4", "a\0b.mp4", "x/" * 3000])
def test_a_name_that_no_file_can_have_is_told(folder, name):
    with pytest.raises((InputError, UsageError), match=r"cannot be opened|is not a file name"):
        pairs([name], "out.mp4")
    with pytest.raises(UsageError):
        check_replaceable(pairs(["a.mov"], name)[0].output)


def test_a_video_whose_run_could_not_be_called_anything_is_an_input_all_the_same(folder):
    longest = "y" * 250 + ".mp4"
    (folder / longest).write_bytes(b"-")
    assert longest in [source for source, _ in named(pairs(["."], "out/"))]


def test_links_that_go_round_are_told(folder):
    (folder / "loop.mp4").symlink_to(folder / "loop.mp4")
    assert "loop.mp4" not in [source for source, _ in named(pairs(["."], "out/"))]
    assert named(pairs(["loop.mp4"], "out.mp4")) == [("loop.mp4", "out.mp4")]  # told by who opens it


def test_an_empty_folder_holds_neither_videos_nor_pictures(tmp_path):
    with pytest.raises(InputError, match="no video and no picture"):
        pairs([str(tmp_path)], None)
