from pathlib import Path

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
