"""The branches that are taken only with a GPU, without one: driver, libraries and backends are played."""

import os
import sys
from types import SimpleNamespace

import pytest

from pipeline.errors import ConfigError
from pipeline.model import precision
from pipeline.networks import devices
from pipeline.networks.devices import claim_backend, claim_tensorflow, gpu_count, takes_gpu


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """machine(gpus, libraries): what the driver and the packages look like."""

    def do(gpus, libraries=True):
        for number in range(gpus):
            (tmp_path / f"nvidia{number}").touch()
        (tmp_path / "nvidiactl").touch()
        monkeypatch.setattr(devices, "_DEVICES", tmp_path)
        monkeypatch.setattr(devices.ctypes.util, "find_library", lambda name: None)
        monkeypatch.setattr(devices.importlib.util, "find_spec", lambda name: object() if libraries else None)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    return do


@pytest.mark.parametrize(
    ("allowed", "count"), [(None, 2), ("1", 1), ("0,1", 2), ("0,1,2", 2), ("", 0), ("-1", 0), ("GPU-8f3a", 1)]
)
def test_gpus_are_those_that_the_driver_shows_and_the_process_may_see(machine, monkeypatch, allowed, count):
    machine(2)
    if allowed is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", allowed)
    assert gpu_count("auto") == count
    assert takes_gpu("auto") == (count > 0)
    assert gpu_count("cpu") == 0


def test_a_gpu_counts_only_with_the_libraries_for_it(machine):
    machine(1, libraries=False)
    assert gpu_count("auto") == 0
    with pytest.raises(ConfigError, match="no GPU can be used here"):
        gpu_count("gpu")


def test_without_a_gpu_no_library_is_looked_for(machine, monkeypatch):
    """Where it is missing, Python asks ldconfig, a compiler and a linker: 60 ms, several times a run."""
    machine(0)
    monkeypatch.setattr(
        devices.ctypes.util, "find_library", lambda name: pytest.fail(f"{name} was looked for")
    )
    monkeypatch.setattr(devices.importlib.util, "find_spec", lambda name: None)
    assert gpu_count("auto") == 0


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_than_tensorflow_is_given_its_device_before_it_starts(machine, monkeypatch, backend):
    machine(1)
    monkeypatch.setenv("KERAS_BACKEND", backend)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # it cannot even be imported
    monkeypatch.setattr(precision, "gpu_capability", lambda: (9, 0))
    assert claim_backend("auto", None)
    assert os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    assert "JAX_PLATFORMS" not in os.environ
    assert not claim_backend("cpu", None)
    assert (os.environ["JAX_PLATFORMS"], os.environ["KERAS_TORCH_DEVICE"]) == ("cpu", "cpu")
    monkeypatch.setattr(precision, "gpu_capability", lambda: None)
    with pytest.raises(ConfigError, match=f"{backend} finds no GPU here, although the system has one"):
        claim_backend("auto", None)


def test_tensorflow_takes_the_gpu_s_memory_as_it_needs_it_or_does_not_see_the_gpu(machine, monkeypatch):
    machine(1)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    said = []
    config = SimpleNamespace(
        list_physical_devices=lambda kind: ["gpu 0"],
        set_visible_devices=lambda which, kind: said.append(("visible", which)),
        experimental=SimpleNamespace(set_memory_growth=lambda gpu, grows: said.append((gpu, grows))),
    )
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(config=config))
    assert claim_backend("auto", None)
    assert not claim_backend("cpu", None)
    assert said == [("gpu 0", True), ("visible", [])]
    config.list_physical_devices = lambda kind: []
    with pytest.raises(ConfigError, match="tensorflow finds no GPU here, although the system has one"):
        claim_tensorflow("gpu", None)
