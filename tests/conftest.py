"""What tests of every room share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

#: The same examples on every machine and every time, and no folder that remembers others.
settings.register_profile("seg-video", derandomize=True, database=None, deadline=None, max_examples=60)
settings.load_profile("seg-video")

REPO_ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The folder that holds pyproject.toml."""
    return REPO_ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the repository: reference outputs and footage too large to keep in it."""
    folder = REPO_ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"needs the reference material in {folder}, which is not there")
    return folder
