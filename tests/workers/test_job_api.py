from __future__ import annotations

import pytest
import ray.job_submission
import requests
from ray.exceptions import AuthenticationError

from pipeline.errors import SegVideoError, UsageError
from pipeline.workers.job_api import run_on_cluster


@pytest.mark.parametrize(
    ("failure", "kind", "words"),
    [
        (AuthenticationError("Missing authentication token"), SegVideoError, "RAY_AUTH_TOKEN"),
        (ConnectionError("refused"), SegVideoError, "No Ray cluster answers at http://head:8265"),
        (RuntimeError("pip install -U 'ray[default]'"), UsageError, r"pip install 'ray\[default\]'"),
    ],
)
def test_a_cluster_that_takes_no_job_is_told(failure, kind, words, tmp_path, monkeypatch):
    def refuse(address):
        raise failure

    monkeypatch.setattr(ray.job_submission, "JobSubmissionClient", refuse)
    with pytest.raises(kind, match=words):
        run_on_cluster("http://head:8265", "true", tmp_path, print, print)


@pytest.mark.parametrize(
    ("dies_at", "words"),
    [
        ("submit_job", "submit again"),
        ("tail_job_logs", "job 7 goes on if that lives"),
        ("get_job_info", "job 7 goes on"),
    ],
)
def test_a_head_that_dies_meanwhile_is_told(dies_at, words, tmp_path, monkeypatch):
    class Client:
        def __getattribute__(self, name):
            if name == dies_at:
                raise requests.exceptions.ConnectionError("refused")
            return {"submit_job": lambda **_: "7", "tail_job_logs": no_lines}[name]

    async def no_lines(job):
        for line in ():
            yield line

    monkeypatch.setattr(ray.job_submission, "JobSubmissionClient", lambda address: Client())
    with pytest.raises(SegVideoError, match="answers no more") as told:
        run_on_cluster("http://head:8265", "true", tmp_path, print, print)
    assert words in str(told.value)
