"""The state of a run as its ledger tells it, under the plan that its manifest has now."""

from __future__ import annotations

import json

import pytest

from pipeline.record.ledger import Ledger
from pipeline.record.status import run_status
from tests.record.test_hostile_records import MANIFEST


@pytest.fixture
def ledger(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    return Ledger(tmp_path / "ledger.jsonl")


def test_a_failure_under_the_present_plan_makes_the_run_failed(tmp_path, ledger):
    ledger.record_failure("segment", 1, "s:8-16", "no memory")
    status = run_status(tmp_path)
    assert (status.state, status.failed) == ("failed", ((1, "no memory"),))


@pytest.mark.parametrize(
    ("step", "chunk", "fingerprint"),
    [
        pytest.param("segment", 2, "s:16-24", id="of-a-chunk-that-is-no-more"),
        pytest.param("segment", 1, "s:4-8", id="of-another-span"),
        pytest.param("segment", 1, "old:8-16", id="of-other-settings"),
        pytest.param("dream", 1, "s:8-16", id="of-a-pass-that-is-no-more"),
    ],
)
def test_a_failure_of_an_earlier_plan_does_not_count(tmp_path, ledger, step, chunk, fingerprint):
    ledger.record_failure(step, chunk, fingerprint, "no memory")
    status = run_status(tmp_path)
    assert (status.state, status.failed) == ("stopped", ())
