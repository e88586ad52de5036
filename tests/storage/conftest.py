from __future__ import annotations

import pytest

from pipeline.storage import reach
from tests.storage.server import ObjectServer


@pytest.fixture
def server(monkeypatch):
    pytest.importorskip("fsspec")
    monkeypatch.setattr(reach, "PAUSES", (0.01, 0.02, 0.04))
    serving = ObjectServer()
    yield serving
    serving.shutdown()
    serving.server_close()


@pytest.fixture
def s3(server, monkeypatch):
    """The same server as S3's, with keys in the environment."""
    s3fs = pytest.importorskip("s3fs")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url(""))
    for name, value in {
        "ACCESS_KEY_ID": "KEY",
        "SECRET_ACCESS_KEY": "SECRET",
        "DEFAULT_REGION": "eu-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    s3fs.S3FileSystem.clear_instance_cache()
    yield server
    s3fs.S3FileSystem.clear_instance_cache()
