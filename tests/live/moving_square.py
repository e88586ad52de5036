"""A camera: writes a stream of a bright square that moves to the right, and ends after some pictures, if asked to."""

import sys
import time
from fractions import Fraction

import av
import numpy as np

WIDE, TALL, SIDE = 160, 96, 32

if __name__ == "__main__":
    rate, count = float(sys.argv[1]), int(sys.argv[2])
    options = {"flush_packets": "1"}
    with av.open(sys.stdout.buffer, "w", format="nut", container_options=options) as out:
        stream = out.add_stream("rawvideo", rate=round(rate))
        stream.width, stream.height, stream.pix_fmt = WIDE, TALL, "rgb24"
        number = 0
        while number != count:
            left = 2 * number % (WIDE - SIDE)
            picture = np.full((TALL, WIDE, 3), 40, np.uint8)
            picture[20 : 20 + SIDE, left : left + SIDE] = 250
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, round(rate))
            out.mux(stream.encode(frame))
            sys.stdout.buffer.flush()
            number += 1
            time.sleep(1 / rate)
