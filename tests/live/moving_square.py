"""A camera: writes PPM pictures of a bright square that moves to the right, and ends after some, if asked to."""

import sys
import time

WIDE, TALL, SIDE = 160, 96, 32

if __name__ == "__main__":
    rate, count = float(sys.argv[1]), int(sys.argv[2])
    number = 0
    while number != count:
        left = 2 * number % (WIDE - SIDE)
        dark, bright = bytes([40] * 3), bytes([250] * 3)
        row = dark * left + bright * SIDE + dark * (WIDE - SIDE - left)
        rows = [row if 20 <= at < 20 + SIDE else dark * WIDE for at in range(TALL)]
        sys.stdout.buffer.write(b"P6\n%d %d\n255\n" % (WIDE, TALL) + b"".join(rows))
        sys.stdout.buffer.flush()
        number += 1
        time.sleep(1 / rate)
