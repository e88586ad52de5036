import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.model import precision


def with_cpu(monkeypatch: pytest.MonkeyPatch, vendor: str = "", *flags: str) -> None:
    monkeypatch.setattr(precision, "gpu_capability", lambda: None)
    monkeypatch.setattr(precision, "cpu_identity", lambda: (vendor, frozenset(flags)))


def test_what_is_asked_for_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cpu(monkeypatch)
    assert precision.resolve_precision("bfloat16") == "bfloat16"
    assert precision.resolve_precision("float32") == "float32"
    with pytest.raises(ConfigError, match="float16"):
        precision.resolve_precision("float16")


@pytest.mark.parametrize(
    ("capability", "expected"), [((9, 0), "bfloat16"), ((8, 0), "bfloat16"), ((7, 5), "float32")]
)
def test_auto_asks_the_gpu_first(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], expected: str
) -> None:
    with_cpu(monkeypatch)
    monkeypatch.setattr(precision, "gpu_capability", lambda: capability)
    assert precision.resolve_precision("auto") == expected


@pytest.mark.parametrize(
    ("vendor", "flags", "expected"),
    [
        ("AuthenticAMD", ("avx512f", "avx512_bf16"), "bfloat16"),
        ("AuthenticAMD", ("avx512f",), "float32"),
        ("GenuineIntel", ("avx512_bf16",), "float32"),
        ("GenuineIntel", ("avx512_bf16", "amx_bf16"), "bfloat16"),
        ("", (), "float32"),
    ],
)
def test_auto_takes_bfloat16_where_a_cpu_is_faster_in_it(
    monkeypatch: pytest.MonkeyPatch, vendor: str, flags: tuple[str, ...], expected: str
) -> None:
    with_cpu(monkeypatch, vendor, *flags)
    assert precision.resolve_precision("auto") == expected


def test_vendor_and_flags_are_read_as_linux_names_them(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(
        "processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu avx2 avx512_bf16\n\nprocessor\t: 1\nflags\t\t: no\n"
    )
    assert precision.cpu_identity(cpuinfo) == ("AuthenticAMD", {"fpu", "avx2", "avx512_bf16"})
    assert precision.cpu_identity(tmp_path / "missing") == ("", frozenset())


def tensorflow_with(*visible: str) -> SimpleNamespace:
    """TensorFlow on a machine with a GPU, which `--device cpu` hides from it."""
    return SimpleNamespace(
        config=SimpleNamespace(
            list_physical_devices=lambda kind: ["gpu"],
            get_visible_devices=lambda kind: list(visible),
            experimental=SimpleNamespace(get_device_details=lambda gpu: {"compute_capability": (9, 0)}),
        )
    )


def jax_on(platform: str) -> SimpleNamespace:
    return SimpleNamespace(devices=lambda: [SimpleNamespace(platform=platform, compute_capability="9.0")])


def torch_with(available: bool) -> SimpleNamespace:
    return SimpleNamespace(
        cuda=SimpleNamespace(is_available=lambda: available, get_device_capability=lambda: (9, 0))
    )


@pytest.mark.parametrize(
    ("backend", "module", "capability"),
    [
        ("tensorflow", tensorflow_with("gpu"), (9, 0)),
        ("tensorflow", tensorflow_with(), None),
        ("jax", jax_on("gpu"), (9, 0)),
        ("jax", jax_on("cpu"), None),
        ("torch", torch_with(True), (9, 0)),
        ("torch", torch_with(False), None),
    ],
)
def test_a_gpu_is_one_that_the_backend_computes_on(
    monkeypatch: pytest.MonkeyPatch, backend: str, module: Any, capability: tuple[int, int] | None
) -> None:
    monkeypatch.setattr("keras.backend.backend", lambda: backend)
    monkeypatch.setitem(sys.modules, backend, module)
    monkeypatch.delenv("KERAS_TORCH_DEVICE", raising=False)
    assert precision.gpu_capability() == capability
