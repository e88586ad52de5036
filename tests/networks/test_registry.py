from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ConfigError, UsageError, WeightsError
from pipeline.formats.own_file import save_weights
from pipeline.networks import devices, registry
from pipeline.networks.registry import NetworkKind, find_source, load, register, runtime_of
from pipeline.networks.settings import LoadSettings
from pipeline.weights.catalog import catalog
from pipeline.weights.label_maps import label_map
from tests.formats.torch_zip import write_state_dict

SQUARES = NetworkKind("squares", "tests.networks.squares", (".squares",))


@pytest.fixture
def squares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of a kind that is registered for this test."""
    monkeypatch.setattr(registry, "KINDS", dict(registry.KINDS))
    register(SQUARES)
    path = tmp_path / "some.squares"
    path.write_text("7")
    return path


def test_a_registered_kind_is_used_like_any_other(squares: Path) -> None:
    assert registry.class_names(squares) == {3: "car"}
    assert runtime_of(squares) == "squares 7"
    network = load(squares, LoadSettings(score=0.25))
    (found,) = network.segment(np.zeros((1, 20, 30, 3), np.uint8))
    assert found.scores.tolist() == [0.25]


def test_a_source_loads_in_a_process_that_does_not_know_the_kind(squares: Path, repo_root: Path) -> None:
    script = (
        "import pickle, sys\n"
        "from pipeline.networks.registry import KINDS, load\n"
        "source = pickle.load(sys.stdin.buffer)\n"
        "assert source.kind not in KINDS\n"
        "print(load(source).runtime)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input=pickle.dumps(find_source(squares)), cwd=repo_root,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.stdout == b"squares 7\n", done.stderr


def test_two_kinds_of_one_name_are_refused(squares: Path) -> None:
    register(SQUARES)
    with pytest.raises(ConfigError, match="another kind"):
        register(NetworkKind("squares", "elsewhere"))


def test_names_of_catalog_and_embedded_networks_need_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetched(*_: object) -> None:
        raise AssertionError("nothing is fetched to learn names")

    monkeypatch.setattr("pipeline.weights.fetch.fetch", fetched)
    assert registry.class_names("torchvision-r50-fpn-v2").items() >= label_map("coco91").items()
    assert len(registry.class_names(of_kind("matterport"))) == 80
    assert registry.class_names("dashcam-lite") == label_map("dashcam8")


def test_a_damaged_file_of_ours_is_found_without_loading_it(tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    save_weights(path, {"kernel": np.arange(4, dtype=np.float32)}, {})
    registry.check_file(find_source(path))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="checksum"):
        registry.check_file(find_source(path))


def of_kind(kind: str) -> str:
    """The first network of that kind in the catalog."""
    return next(entry.name for entry in catalog() if entry.kind == kind)


def test_names_of_every_kind_reach_other_processes(tmp_path: Path) -> None:
    graph = tmp_path / "graph.pb"
    graph.write_bytes(b"")
    for model in (*(entry.name for entry in catalog()), str(graph)):
        names = registry.class_names(model)
        assert pickle.loads(pickle.dumps(names)) == names


def test_neither_names_nor_runtime_nor_segmenting_import_tensorflow_or_keras(repo_root: Path) -> None:
    script = (
        "import sys, numpy as np\n"
        "from pipeline.networks.registry import class_names, load, runtime_of\n"
        "from pipeline.networks.settings import LoadSettings\n"
        "cpu = LoadSettings(device='cpu')\n"
        "class_names('dashcam-lite'), runtime_of('dashcam-lite', cpu)\n"
        "network = load('dashcam-lite', cpu)\n"
        "network.segment(np.zeros((1, 432, 768, 3), np.uint8))\n"
        "assert network.runtime == runtime_of('dashcam-lite', cpu)\n"
        "print(sorted({'tensorflow', 'keras', 'ray', 'scipy'} & set(sys.modules)), network.runtime)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=repo_root, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("[] openvino 20"), done.stderr


def test_unknown_names_and_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'dashcam-lite'"):
        find_source("dashcamlite")
    with pytest.raises(WeightsError, match="no weights at"):
        find_source(tmp_path / "none.safetensors")
    (tmp_path / "weights.xyz").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"\.pth, \.safetensors"):
        find_source(tmp_path / "weights.xyz")


def test_a_file_of_another_number_of_classes_has_numbered_names(tmp_path: Path) -> None:
    state = {
        "roi_heads.box_predictor.cls_score.bias": np.zeros(3, np.float32),
        "roi_heads.box_head.fc6.weight": np.zeros((2, 2), np.float32),
    }
    write_state_dict(tmp_path / "mine.pth", state)
    assert registry.class_names(tmp_path / "mine.pth") == {1: "class 1", 2: "class 2"}


def test_the_runtime_follows_device_and_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_usable_gpus", lambda: 1)
    film = LoadSettings(film=True)
    assert runtime_of("dashcam-lite", film) == f"{devices.version_of('tensorflow')} gpu auto"
    assert runtime_of("dashcam-lite", LoadSettings(device="cpu", precision="float32")).startswith("openvino ")
    with pytest.raises(ConfigError, match="a GPU, which OpenVINO does not use"):
        runtime_of("dashcam-lite", LoadSettings(runtime="openvino"))
    monkeypatch.setattr(devices, "_usable_gpus", lambda: 0)
    with pytest.raises(ConfigError, match="no GPU can be used"):
        runtime_of("dashcam-lite", LoadSettings(device="gpu"))
    with pytest.raises(ConfigError, match="choose from auto, cpu, gpu"):
        LoadSettings(device="gpuu")
    narrow = LoadSettings(runtime="tensorflow", precision="bfloat16", film=True)
    assert runtime_of("dashcam-lite", narrow).endswith(" bfloat16")
    zoo = of_kind("tf1_frozen_graph")
    assert runtime_of(zoo).startswith("tensorflow ")
    with pytest.raises(ConfigError, match="a program for TensorFlow"):
        runtime_of(zoo, LoadSettings(runtime="openvino"))


def test_only_our_own_networks_look_at_a_still_otherwise_than_at_a_film():
    for model, differs in (
        ("dashcam-lite", True),
        ("torchvision-r50-fpn", False),
        ("matterport-r101-fpn", False),
    ):
        film, still = (runtime_of(model, LoadSettings(device="cpu", film=film)) for film in (True, False))
        assert still == (f"{film} stills" if differs else film)


def test_without_openvino_tensorflow_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = devices.importlib.util.find_spec
    monkeypatch.setattr(
        devices.importlib.util, "find_spec", lambda name: None if name == "openvino" else found(name)
    )
    assert runtime_of("dashcam-lite", LoadSettings(device="cpu")).startswith("tensorflow 2.")
