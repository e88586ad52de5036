"""The whole command with a real network, in one process and with Ray's workers."""

from __future__ import annotations

import subprocess
import sys

import pytest


def seg_video(repo_root, *words):
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *map(str, words)],
        cwd=repo_root,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.slow
def test_workers_chunks_and_batches_change_nothing_that_is_found(repo_root, traffic, tmp_path, tiny_weights):
    ways = {
        "whole": ["--workers", 0, "--chunk-frames", 100],
        "one": ["--workers", 1, "--chunk-frames", 8],
        "two": ["--workers", 2, "--chunk-frames", 8, "--batch", 3],
        "three": ["--workers", 3, "--chunk-frames", 4],
    }
    for name, words in ways.items():
        out = tmp_path / f"{name}.mp4"
        seg_video(repo_root, traffic, out, "--model", tiny_weights, "--conf", 0.1, "--quiet", *words)
    found = {name: (tmp_path / f"{name}.mp4.seg-run/detections.parquet").read_bytes() for name in ways}
    assert len(found["whole"]) > 20_000
    assert found["one"] == found["whole"]
    assert found["two"] == found["whole"]
    assert found["three"] == found["whole"]
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
