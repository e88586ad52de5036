"""The machine that figures were measured on, and where a benchmark writes them."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# The package of this checkout, whichever is installed.
sys.path.insert(0, str(ROOT))

from pipeline.model.precision import cpu_identity  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results"

#: Instruction sets that decide how fast a CPU computes networks.
_FEATURES = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")

#: Packages whose versions decide it.
_PACKAGES = ("openvino", "tensorflow", "jax", "torch", "keras", "av", "numpy")


def machine() -> dict[str, Any]:
    """The CPU with its features, the cores that this process may use, GPUs, and the versions of packages."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = cpu_identity()[1]
    return {
        "cpu": names[0] if names else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "features": [feature for feature in _FEATURES if feature in flags],
        "load_before": round(os.getloadavg()[0], 2),
        "gpus": gpus("name,memory.total,driver_version"),
        "python": platform.python_version(),
        "packages": {name: version for name in _PACKAGES if (version := version_of(name))},
    }


def gpus(facts: str) -> list[str]:
    """A line of `facts` for each GPU, as NVIDIA's driver tells them; none without a GPU."""
    if shutil.which("nvidia-smi") is None:
        return []
    words = ["nvidia-smi", f"--query-gpu={facts}", "--format=csv,noheader,nounits"]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def version_of(package: str) -> str | None:
    """Its version; None where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def write(path: Path, content: Any) -> None:
    """The content as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"written to {path}")
