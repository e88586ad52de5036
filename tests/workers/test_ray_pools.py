"""Ray's pools, in a process of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.alone import pass_alone


@pytest.mark.timeout(920)
def test_ray_s_pools_keep_the_promises_of_pools():
    pass_alone(Path(__file__).with_name("alone_ray_pools.py"))
