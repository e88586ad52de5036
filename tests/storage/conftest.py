from __future__ import annotations

import pytest

from pipeline.storage import objects
from tests.storage.server import ObjectServer


@pytest.fixture
def server(monkeypatch):
    pytest.importorskip("fsspec")
    monkeypatch.setattr(objects, "PAUSES", (0.01, 0.02, 0.04))
    serving = ObjectServer()
    yield serving
    serving.shutdown()
    serving.server_close()
