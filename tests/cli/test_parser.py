"""Words of a command line, in whatever order people type them."""

from __future__ import annotations

import pytest

from pipeline import cli
from pipeline.cli.parser import Parsers, refuse_other_inputs
from pipeline.errors import UsageError


@pytest.mark.parametrize(
    "words",
    [
        ["in.mp4", "out.mp4", "--conf", "0.4"],
        ["in.mp4", "--conf", "0.4", "out.mp4"],
        ["--conf", "0.4", "in.mp4", "out.mp4"],
        ["run", "--conf=0.4", "in.mp4", "out.mp4"],
        ["--conf", "0.4", "run", "in.mp4", "out.mp4"],
        ["--conf=0.4", "run", "in.mp4", "out.mp4"],
    ],
)
def test_options_may_stand_anywhere(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = Parsers(cli.COMMANDS).parse(words)
    assert (found.command.name, found.paths, found.conf) == ("run", ["in.mp4", "out.mp4"], "0.4")


def test_options_of_other_commands_may_stand_anywhere(tmp_path):
    found = Parsers(cli.COMMANDS).parse(["render", "a.mp4", "--style", "boxes", "b.mp4", "--quiet"])
    assert (found.command.name, found.name, found.output, found.style) == (
        "render",
        "a.mp4",
        "b.mp4",
        "boxes",
    )
    found = Parsers(cli.COMMANDS).parse(["--json", "status", "a", "--json", "b"])
    assert (found.command.name, found.names, found.json) == ("status", ["a", "b"], True)
    found = Parsers(cli.COMMANDS).parse(["--format", "yolo", "export", "out.mp4", "--out", "labels"])
    assert (found.command.name, found.name, found.format) == ("export", "out.mp4", "yolo")
    found = Parsers(cli.COMMANDS).parse(["resume", "-q"])
    assert (found.command.name, found.name, found.quiet) == ("resume", None, True)


def test_an_options_value_is_no_command():
    found = Parsers(cli.COMMANDS).parse(["--work-dir", "models", "in.mp4", "out.mp4"])
    assert (found.command.name, found.paths) == ("run", ["in.mp4", "out.mp4"])


def test_a_pattern_is_an_input():
    assert Parsers(cli.COMMANDS).parse(["drives/*", "out/"]).paths == ["drives/*", "out/"]


def test_a_word_that_is_nothing_gets_the_nearest_command_or_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "holiday").mkdir()
    for word, near in (("verfy", "did you mean verify?"), ("holidy", "did you mean holiday?")):
        with pytest.raises(UsageError) as told:
            Parsers(cli.COMMANDS).parse([word])
        assert told.value.do == near


@pytest.mark.parametrize(
    ("words", "what", "do"),
    [
        ("in.mp4 --modell x", "seg-video run has no option --modell.", "did you mean --model?"),
        ("in.mp4 --modell=x", "seg-video run has no option --modell.", "did you mean --model?"),
        ("verify --quik in.mp4 out.mp4", "seg-video verify has no option --quik.", "did you mean --quick?"),
        (
            "render in.mp4 out.mp4 --start 3",
            "seg-video render has no option --start.",
            "it belongs to seg-video run",
        ),
        ("run in.mp4 --zzz", "seg-video run has no option --zzz.", "see seg-video run --help"),
        ("--hlep", "seg-video run has no option --hlep.", "did you mean --help?"),
        ("verify --quik in.mp4", "seg-video verify has no option --quik.", "did you mean --quick?"),
        ("verify --qui in.mp4", "The following arguments are required: OUT.", "see seg-video verify --help"),
        (
            "verify in.mp4 -- --quik b",
            "seg-video verify takes no further argument b.",
            "see seg-video verify --help",
        ),
        ("verify a b c", "seg-video verify takes no further argument c.", "see seg-video verify --help"),
        ("verify in.mp4", "The following arguments are required: OUT.", "see seg-video verify --help"),
        ("in.mp4 --every", "Argument --every: expected one argument.", "see seg-video run --help"),
    ],
)
def test_misuse_is_told_in_a_line_with_what_helps_and_without_the_whole_usage(words, what, do):
    with pytest.raises(UsageError) as told:
        Parsers(cli.COMMANDS).parse(words.split())
    assert told.value.what == what
    assert str(told.value.do).startswith(do)


def test_an_empty_path_before_all_others_is_no_mistyped_command():
    assert Parsers(cli.COMMANDS).parse(["", "out.mp4"]).command.name == "run"


def test_help_of_a_mistyped_command_names_the_nearest(capsys):
    assert cli.main(["help", "rnder"]) == 2
    assert "did you mean render?" in capsys.readouterr().err


def test_help_begins_with_what_has_to_be_given_and_heads_the_options():
    run, export = (Parsers(cli.COMMANDS).of[name].format_help() for name in ("run", "export"))
    assert run.startswith("usage: seg-video run [options] PATH [PATH ...]\n")
    assert export.startswith("usage: seg-video export [options] --format FORMAT --out FOLDER OUT\n")
    heads = [line for line in run.splitlines() if line.startswith(("the network:", "what is shown:"))]
    assert heads == ["the network:", "what is shown:"]


def test_help_of_render_tells_no_default_of_what_stays_as_the_run_has_it():
    run, render = (
        " ".join(Parsers(cli.COMMANDS).of[name].format_help().split()) for name in ("run", "render")
    )
    assert "what decides an object's colour (one of track, class; default: track)" in run
    assert "what decides an object's colour (one of track, class)" in render
    assert "what no option changes stays as it is there" in render


def test_a_word_too_long_for_a_file_name_is_a_usage_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        Parsers(cli.COMMANDS).parse(["x" * 5000])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/dev/video0", "a camera"),
        ("0", "a camera"),
        ("/dev/stdin", "a pipe"),
        ("/dev/fd/63", "a pipe"),
        ("job.yaml", "a job file"),
    ],
)
def test_what_is_no_video_file_is_told_in_a_line(path, kind):
    with pytest.raises(UsageError, match=kind):
        refuse_other_inputs(["in.mp4", path])
    assert Parsers(cli.COMMANDS).parse([path, "out.mp4"]).paths == [path, "out.mp4"]  # no mistyped command
    refuse_other_inputs(["in.mp4", "folder", "*.mkv"])


def test_a_video_in_a_storage_is_an_input_and_a_picture_there_is_not():
    refuse_other_inputs(["s3://bucket/a.mp4", "https://host/a.mkv"])
    with pytest.raises(UsageError, match="an address"):
        refuse_other_inputs(["s3://bucket/a.jpg"])


def test_a_password_in_an_address_is_never_shown():
    with pytest.raises(UsageError) as told:
        refuse_other_inputs(["https://me:secret@host/a.mp4"])
    assert "https://host/a.mp4" in str(told.value)
    assert "secret" not in str(told.value)
