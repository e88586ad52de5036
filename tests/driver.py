"""`python driver.py ARGUMENTS`: the command line with the fake network; for tests that need a real process."""

import os
import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[1])
sys.path.insert(0, ROOT)
os.environ["PYTHONPATH"] = ROOT  # for Ray's workers

if __name__ == "__main__":
    from pipeline import cli
    from pipeline.run import plan_run, pools
    from tests import fakes

    pools.SegmentWorker = fakes.FakeWorker
    plan_run.describe = fakes.describe
    sys.exit(cli.main(sys.argv[1:]))
