"""`python fuzz_child.py FILE...`: probe and decode each, within 1.5 GB and 60 s; a line a file says how it went."""

import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

MOST_BYTES, MOST_SECONDS = 3 << 29, 60

if __name__ == "__main__":
    from pipeline.errors import SegVideoError
    from pipeline.video.read.decode import decode_yuv
    from pipeline.video.read.plan import plan
    from pipeline.video.read.probe import probe

    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    for name in sys.argv[1:]:
        try:
            info = probe(Path(name))
            frames = sum(1 for chunk in plan(info, 10) for frame in decode_yuv(info, chunk) if frame)
            outcome = f"{frames} of {info.frame_count} frames"
        except SegVideoError as error:
            outcome = f"refused: {type(error).__name__}"
        sys.stdout.write(f"{Path(name).name}: {outcome}\n")
        sys.stdout.flush()
