"""`python driver.py ARGUMENTS`: the command line with the fake network; for tests that need a real process."""

import os
import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[1])

if __name__ == "__main__":
    sys.path.insert(0, ROOT)
    os.environ["PYTHONPATH"] = ROOT  # for Ray's workers

    from pipeline import cli
    from pipeline.networks import registry
    from tests import fake_network

    registry.KINDS["own"] = fake_network.KIND
    sys.exit(cli.main(sys.argv[1:]))
