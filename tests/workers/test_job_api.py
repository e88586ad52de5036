from __future__ import annotations

import pytest
import ray.job_submission
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
        run_on_cluster("http://head:8265", "true", tmp_path, {}, print)
