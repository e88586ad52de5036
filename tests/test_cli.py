from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from pipeline import __version__, cli
from pipeline.errors import InputError
from pipeline.weights.catalog import catalog

HEAVY = ("tensorflow", "keras", "ray", "cv2", "jax", "torch", "numpy")


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
def test_answers_in_under_half_a_second(repo_root, command):
    seconds = []
    while len(seconds) < 7 and (not seconds or min(seconds) >= 0.5):
        started = time.perf_counter()
        run_in_process_of_its_own(repo_root, command)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.5


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


@pytest.mark.parametrize("arguments", [[], ["modles"], ["models", "--yaml"]])
def test_a_misspelt_command_line_is_a_usage_error(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "usage: seg-video" in output.err


def test_models_shows_a_line_for_each_of_the_weights(capsys, empty_cache):
    assert cli.main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line.split() for line in lines[1:-2]}
    assert len(rows) == 9
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
        "tf1-inception-v2",
    ]


def test_models_does_not_offer_embedded_weights_that_are_not_there(capsys, tmp_path, monkeypatch):
    catalog()
    monkeypatch.setattr("pipeline.weights.catalog._DATA", tmp_path)
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
