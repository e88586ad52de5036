"""Decide whether an output is made, kept or skipped."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pipeline.errors import UsageError
from pipeline.files import digest_of
from pipeline.job.inputs import Pair
from pipeline.job.protection import check_not_another_s, check_replaceable, check_run_name
from pipeline.job.settings import RunSettings
from pipeline.record.layout import RunLayout
from pipeline.record.receipt import Receipt
from pipeline.record.remote_run import fetch_record
from pipeline.run.products import Products
from pipeline.storage.objects import check_takes_outputs, is_there
from pipeline.structures.address import Place

Verdict = Literal["made", "kept", "skipped"]


def is_refused_unseen(pair: Pair, settings: RunSettings) -> bool:
    """True if the pair is skipped because of an output that no run has made, without looking at the source.

    For an output in a storage, the record of another machine's run is fetched. Raises UsageError if the output exists
    and is neither to be skipped nor replaced, or cannot be replaced.
    """
    if pair.destination is not None:
        check_run_name(pair.output)
        check_takes_outputs(pair.destination)
        layout = RunLayout.of(pair.output, keeps_output=False)
        if settings.force or layout.manifest.exists() or not is_there(pair.destination):
            return False
        if not settings.skip and fetch_record(pair.destination, layout):
            return False
        _refuse_unless_skipped(settings, pair.destination)
        return True
    check_replaceable(pair.output)
    if settings.force:
        check_not_another_s(pair.output)
    known = RunLayout.of(pair.output).folder.exists()
    if not os.path.lexists(pair.output) or known or settings.force:
        return False
    _refuse_unless_skipped(settings, pair.output)
    return True


def verdict(products: Products) -> Verdict:
    """Make the output, keep it because it is already the one requested, or skip it.

    Raises UsageError if an output is in the way. The run's own may be replaced; it is recognised by the content that
    the ledger says this run wrote or was about to write.
    """
    run = products.run
    if products.output() is not None and (
        run.destination is None or Receipt.read(run.layout.receipt).holds()
    ):
        return "kept"
    if run.settings.run.force or _is_free(products):
        return "made"
    _refuse_unless_skipped(run.settings.run, run.target)
    return "skipped"


def _is_free(products: Products) -> bool:
    """True if the output's name is unused, or what has it was made by this run."""
    run = products.run
    if run.destination is None:
        return not os.path.lexists(run.layout.output) or _is_own(products, run.layout.output)
    # If the run was killed before it wrote a receipt, publishing finds out whose object it is.
    return products.path(("mux", None)) is not None or not is_there(run.destination)


def _refuse_unless_skipped(settings: RunSettings, output: Place) -> None:
    """Raise UsageError for an output that exists, unless such are to be skipped."""
    if not settings.skip:
        raise UsageError(
            f"{output} exists already.",
            do="add --force to replace it or --no-clobber to skip it, or name another",
        )


def _is_own(products: Products, output: Path) -> bool:
    """True for a file that a killed process of this run named and did not record."""
    begun = products.begun_output()
    return begun is not None and output.is_file() and digest_of(output) == begun
