"""The parts of benchmarks/gpu.py, on a CPU and in little: what a machine with a GPU is going to run."""

import importlib
import json
from types import SimpleNamespace

import pytest

from pipeline.networks import registry
from tests.footage import write_clip


@pytest.fixture
def gpu(monkeypatch, repo_root):
    monkeypatch.syspath_prepend(repo_root / "benchmarks")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    return importlib.import_module("gpu")


@pytest.fixture
def asked(gpu, tmp_path, monkeypatch):
    """Of a network that costs nothing; those that are real have their own tests."""
    monkeypatch.setattr(registry, "KINDS", dict(registry.KINDS))
    registry.register(registry.NetworkKind("squares", "tests.networks.squares", (".squares",)))
    (weights := tmp_path / "some.squares").write_text("7")
    clip = write_clip(tmp_path / "clip.mp4")
    networks = ((str(weights), "float32", (1, 2), (54, 96)),)
    return gpu.Asked(
        str(clip), device="cpu", networks=networks, frames=6, pictures=1, film_seconds=0.4, seconds=0.01
    )


def test_networks_are_timed_by_batch(gpu, asked):
    rows = list(gpu.network(asked))
    assert [(row["batch"], row["size"], row["gpu_mb"]) for row in rows] == [
        (1, "96x54", None),
        (2, "96x54", None),
    ]
    assert all(row["ms"] > 0 and row["rate"] > 0 for row in rows)


def test_what_is_found_is_held_against_the_cpu(gpu, asked, monkeypatch):
    def in_this_process(words, **_):
        exec(words[-1].partition("import gpu; ")[2], {"gpu": gpu})

    monkeypatch.setattr(gpu, "subprocess", SimpleNamespace(run=in_this_process))
    same, narrow = gpu.parity(asked)
    assert same["partners"] == same["found"] == same["there"] == 1
    assert (same["scores apart"], same["masks apart"]) == (0, 0)
    assert narrow["precision"] == "bfloat16"


def test_decoders_and_encoders_are_timed(gpu, asked):
    (decoded,) = gpu.PARTS["decode software"].run(asked)
    assert decoded["frames"] == 6
    (encoded,) = gpu.PARTS["encode libx264"].run(asked)
    assert encoded["frames/s"] > 0


def test_the_wall_is_the_pass_whose_workers_have_least_rest(gpu, asked, monkeypatch):
    busy = {"segment": 3.0, "track": 0.5, "render": 4.0, "mux": 0.1}
    monkeypatch.setattr(gpu.os, "sched_getaffinity", lambda _: range(4))
    said = []

    def run(words):
        said.extend(words)
        return gpu.Whole(100, 6.0, 1.0, 700.0, 2000.0, busy)

    monkeypatch.setattr(gpu, "whole_command", run)
    (row,) = gpu.PARTS["video jax nvenc"].run(asked)
    assert said[2:] == ["--device", "cpu", "--encoder", "h264_nvenc"]
    assert (row["frames/s after the start"], row["wall"], row["segment s"]) == (20.0, "segment", 3.0)


def test_a_part_that_fails_or_hangs_says_why_and_keeps_what_it_found(gpu, capsys):
    fails = gpu.answer_of("print('fact {\"ms\": 1.5}', flush=True); raise ValueError('no GPU\\nat all')", 20)
    assert (fails.facts, fails.why_not) == ([{"ms": 1.5}], "ValueError: no GPU at all")
    assert gpu.answer_of("import time; time.sleep(60)", 0.2).why_not == "it was stopped after 0.2 s"
    gpu.show("network jax", fails)
    assert "| ms |\n|---|\n| 1.5 |\nno more: ValueError: no GPU at all" in capsys.readouterr().out


def test_all_parts_are_asked_for_in_the_time_there_is_and_written_down(gpu, monkeypatch, tmp_path):
    asked_for = []

    def answer(code, limit, backend):
        asked_for.append((code, limit, backend))
        return gpu.Answer([{"ms": 1.0}])

    monkeypatch.setattr(gpu, "answer_of", answer)
    monkeypatch.setattr(gpu, "RESULTS", tmp_path)
    monkeypatch.setattr(gpu.sys, "argv", ["gpu.py", "--minutes", "1"])
    assert gpu.main() == 0
    assert len(asked_for) == len(gpu.PARTS)
    assert max(limit for _, limit, _ in asked_for) <= 60
    assert asked_for[-1][2] == "tensorflow"
    assert set(json.loads((tmp_path / "gpu.json").read_text())) == set(gpu.PARTS)


def test_gpus_are_those_that_the_driver_tells(gpu, monkeypatch):
    machine = importlib.import_module("machine")
    assert machine.gpus("name") == []
    monkeypatch.setattr(machine.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    told = SimpleNamespace(stdout="NVIDIA H100 80GB HBM3, 81559\n", returncode=0)
    monkeypatch.setattr(machine.subprocess, "run", lambda *_, **__: told)
    assert machine.gpus("name,memory.total") == ["NVIDIA H100 80GB HBM3, 81559"]
