from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from pipeline import __version__, cli
from pipeline.errors import InputError
from pipeline.weights.catalog import catalog

HEAVY = (
    *("tensorflow", "keras", "jax", "torch", "openvino", "ray", "numpy"),
    *("cv2", "av", "PIL", "pyarrow", "scipy", "pandas", "matplotlib", "yaml", "fsspec"),
)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("SEG_VIDEO_CACHE", str(folder))
    return folder


def run_in_process_of_its_own(repo_root, *arguments, after=""):
    script = f"""
import sys
from pipeline.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code
{after}
sys.exit(code)
"""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=repo_root, capture_output=True, text=True, check=True
    )


@pytest.mark.parametrize("command", ["--help", "models"])
def test_loads_no_heavy_library(repo_root, command):
    after = f"print('LOADED', sorted(set({HEAVY!r}) & set(sys.modules)))"
    output = run_in_process_of_its_own(repo_root, command, after=after).stdout
    assert output.splitlines()[-1] == "LOADED []"


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    output = " ".join(capsys.readouterr().out.split())  # long summaries go over two lines
    assert stop.value.code == 0
    for command in cli.COMMANDS:
        assert command.name in output
        assert command.summary in output


def test_version_is_the_packages(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"seg-video {__version__}\n"


@pytest.mark.parametrize("arguments", [["modles"], ["models", "--yaml"], ["help", "modles"]])
def test_a_misspelt_command_line_is_a_usage_error(arguments, capsys):
    assert cli.main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("seg-video: ")
    assert len(output.err.splitlines()) == 2


def test_models_shows_a_line_for_each_of_the_weights(capsys, empty_cache):
    assert cli.main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line.split() for line in lines[1:-2]}
    assert len(rows) == 10
    # name, classes, mask AP, box AP, size, unit, in the cache
    assert rows["torchvision-r50-fpn-v2"][1:7] == ["80", "41.8", "47.4", "186", "MB", "no"]
    assert rows["matterport-r101-fpn"][1:7] == ["80", "-", "34.7", "258", "MB", "no"]
    assert lines[-1] == f"cache: {empty_cache}"


def test_models_says_what_is_in_the_cache(capsys, empty_cache):
    graph = empty_cache / "mask_rcnn_inception_v2_coco_2018_01_28/frozen_inference_graph.pb"
    graph.parent.mkdir()
    graph.write_bytes(b"graph")
    assert cli.main(["models", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["name"] for record in records if record["in_cache"]] == [
        "dashcam-lite",
        "dashcam-open",
        "tf1-inception-v2",
    ]


def test_models_does_not_offer_embedded_weights_that_are_not_there(capsys, tmp_path, monkeypatch):
    catalog()
    monkeypatch.setattr("pipeline.weights.catalog.DATA", tmp_path)
    assert cli.main(["models"]) == 0
    assert "not yet made" in capsys.readouterr().out.splitlines()[1]
    (tmp_path / "dashcam-lite.safetensors").write_bytes(b"weights")
    assert cli.main(["models"]) == 0
    assert "embedded" in capsys.readouterr().out.splitlines()[1]


def test_models_as_json_holds_the_whole_entry(capsys):
    assert cli.main(["models", "--json"]) == 0
    records = {record["name"]: record for record in json.loads(capsys.readouterr().out)}
    record = records["torchvision-r50-fpn"]
    assert record["url"] == "https://download.pytorch.org/models/maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth"
    assert (record["classes"], record["licence_source"][:8]) == (80, "https://")
    assert record["in_cache"] is False


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (InputError("in.mp4 has no video", found="audio only", do="name another"), 3, "found: audio only"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(24, "Too many open files"), 1, "no more open files: raise `ulimit -n`"),
        (BlockingIOError(11, "Resource temporarily unavailable"), 1, "no more processes and threads"),
        (RuntimeError("can't start new thread"), 1, "no more processes and threads"),
        (MemoryError(), 1, "no more memory"),
        (ZeroDivisionError("by\nzero"), 1, "unexpected ZeroDivisionError: by zero"),
    ],
)
def test_an_error_becomes_its_exit_code_and_goes_to_stderr(raised, code, message, capsys, monkeypatch):
    def fail(_):
        raise raised

    command = cli.Command("fail", "fails", lambda _: None, fail)
    monkeypatch.setattr(cli, "COMMANDS", (command,))
    assert cli.main(["fail"]) == code
    output = capsys.readouterr()
    assert output.out == ""
    assert message in output.err
    assert "Traceback" not in output.err


def test_debug_shows_where_an_error_comes_from(capsys, monkeypatch):
    command = cli.Command("fail", "fails", lambda _: None, lambda _: 1 // 0)
    monkeypatch.setattr(cli, "COMMANDS", (command,))
    assert cli.main(["fail", "--debug"]) == 1
    assert "1 // 0" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["help"]])
def test_help_is_there_for_whoever_does_not_know_what_to_type(arguments, capsys):
    assert cli.main(arguments) == 0
    assert "seg-video IN.mp4 OUT.mp4 is short for" in capsys.readouterr().out


@pytest.mark.parametrize("command", cli.COMMANDS, ids=lambda command: command.name)
def test_help_of_each_command_has_examples_that_name_it(command, capsys):
    assert cli.main(["help", command.name]) == 0
    examples = capsys.readouterr().out.split("examples:\n")[1].splitlines()
    assert examples
    assert all("seg-video" in line for line in examples)
    assert all(command.name in line for line in examples) or command.name == "run"


def test_python_dash_m_is_the_command(repo_root):
    shown = subprocess.run(
        [sys.executable, "-m", "pipeline", "--version"],
        cwd=repo_root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == f"seg-video {__version__}\n"


def in_shell(repo_root, line):
    """Exit code and stderr of a line of bash in which $SEG_VIDEO is the command."""
    command = f"{sys.executable} -m pipeline"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=repo_root,
        env={**os.environ, "SEG_VIDEO": command},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


def test_a_reader_that_has_gone_is_no_error(repo_root):
    code, said = in_shell(repo_root, "$SEG_VIDEO models --json | true; exit ${PIPESTATUS[0]}")
    assert (code, said) == (0, "")


def test_a_full_disk_is_told_where_printing_is_all_the_work(repo_root):
    code, said = in_shell(repo_root, "$SEG_VIDEO models > /dev/full")
    assert code == 1
    assert said.splitlines() == ["seg-video: the output could not be printed: No space left on device"]


def test_closed_streams_are_no_error(repo_root):
    assert in_shell(repo_root, "$SEG_VIDEO models >&- 2>&-") == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_commands_and_options(shell, capsys):
    assert cli.main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(word in script for word in ("verify", "--tone-map", "--dry-run"))


def test_bash_takes_the_completion(repo_root):
    code, said = in_shell(repo_root, 'eval "$($SEG_VIDEO completion bash)" && complete -p seg-video')
    assert (code, said) == (0, "")
