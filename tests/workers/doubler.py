"""A worker that doubles its tasks, and fails where it is told to."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from pipeline.errors import InputError


class Doubler:
    def __init__(self):
        self.tries = {}

    def setup(self):
        return "ready"

    def process(self, task):
        self.tries[task] = self.tries.get(task, 0) + 1
        if task == "die":
            os._exit(1)
        if task == "vanish":
            os._exit(0)
        if task == "bad input":
            raise InputError("it is broken")
        if task == "all memory":
            return [np.empty(2 << 30, np.uint8) for _ in range(1 << 12)]
        if task == "never":
            raise ArithmeticError("no")
        if task == "second time" and self.tries[task] < 2:
            raise ArithmeticError("not yet")
        return task * 2

    def close(self):
        pass


class Stillborn(Doubler):
    def setup(self):
        os._exit(0)


class Refusing(Doubler):
    def setup(self):
        raise InputError("no such weights")


class Slow(Doubler):
    """Says that it has begun by a file, and that it has ended, a while later, by taking it away."""

    def process(self, task):
        Path(task).touch()
        time.sleep(1)
        Path(task).unlink()
