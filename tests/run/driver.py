"""`python driver.py ARGUMENTS`: the command line with the fake network; for tests that need a real process."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parent)]

if __name__ == "__main__":
    import fakes

    from pipeline import cli
    from pipeline.run import flow, staff

    staff.SegmentWorker = fakes.FakeWorker
    flow.weights_digest = lambda model: f"digest of {model}"
    sys.exit(cli.main(sys.argv[1:]))
