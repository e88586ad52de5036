"""quiet_tensorflow: TensorFlow is loaded without a word, but for a GPU that is there and cannot be used."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager

from pipeline.networks.devices import takes_gpu, ungreeted


def quiet_tensorflow() -> AbstractContextManager[None]:
    """For the import of whatever loads TensorFlow, which says a lot unless it is told not to.

    Of a GPU that is there and cannot be used it is to say so, and nothing where there is no GPU. What the user has set
    stays as it is.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if takes_gpu("auto") else "3")
    return ungreeted()
