"""Converted checkpoints compute what their sources compute: the stand-in files, through the command a user runs."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.formats.torch_zip import write_state_dict


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture
def writer(shared: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(shared / "parity")
    return module(shared / "parity" / "write_checkpoints.py")


def write(writer: ModuleType, kind: str, folder: Path) -> Path:
    """The stand-in checkpoint in the layout of the published file."""
    if kind == "matterport":
        writer.matterport(folder / "stand_in.h5", 0)
        return folder / "stand_in.h5"
    shapes, replaced = json.loads((writer.HERE / f"{kind}_shapes.json").read_text()), writer.overrides(kind)
    state = {
        name: replaced[name] if name in replaced else writer.tensor(name, shape, 0)
        for name, shape in shapes.items()
    }
    write_state_dict(folder / "stand_in.pth", state)
    return folder / "stand_in.pth"


def parity(
    repo_root: Path, kind: str, checkpoint: Path, reference: Path, *options: str
) -> subprocess.CompletedProcess:
    picture = repo_root.parent / "shared" / "parity" / "frame.png"
    command = [sys.executable, "benchmarks/parity.py", kind, checkpoint, reference, picture, *options]
    return subprocess.run(command, cwd=repo_root, capture_output=True, text=True, timeout=280, check=False)


SIZES = {"torchvision_v1": (360, 1333), "torchvision_v2": (360, 1333), "matterport": (256, 512)}

#: One of each runtime, padded below and centred in a square, are fast enough; the others take minutes.
FAST = {("torchvision_v1", "openvino"), ("matterport", "tensorflow")}


@pytest.mark.parametrize(
    ("kind", "runtime"),
    [
        pytest.param(kind, runtime, marks=() if (kind, runtime) in FAST else pytest.mark.slow)
        for kind in SIZES
        for runtime in ("tensorflow", "openvino")
    ],
)
def test_a_converted_checkpoint_is_exact(
    kind: str,
    runtime: str,
    writer: ModuleType,
    shared: Path,
    repo_root: Path,
    tmp_path: Path,
) -> None:
    options = ("--min-size", str(SIZES[kind][0]), "--max-size", str(SIZES[kind][1]), "--runtime", runtime)
    done = parity(repo_root, kind, write(writer, kind, tmp_path), shared / "parity" / f"{kind}.npz", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 of 100 have a partner" in done.stdout
    assert done.stdout.splitlines()[-1] == "exact"


@pytest.mark.slow
def test_a_network_that_computes_something_else_is_not_exact(
    writer: ModuleType, shared: Path, repo_root: Path, tmp_path: Path
) -> None:
    with np.load(shared / "parity" / "torchvision_v1.npz") as file:
        reference = {name: file[name] for name in file.files}
    reference["feature_1"] = reference["feature_1"] * 1.01
    reference["scores"] = reference["scores"] - 0.01
    np.savez(tmp_path / "other.npz", **reference)
    checkpoint = write(writer, "torchvision_v1", tmp_path)
    done = parity(repo_root, "torchvision_v1", checkpoint, tmp_path / "other.npz")
    assert done.returncode == 1, done.stdout + done.stderr
    failed = [line.split("  ")[0] for line in done.stdout.splitlines() if line.endswith("NOT EXACT")]
    assert failed == ["features P3", "detections"]
