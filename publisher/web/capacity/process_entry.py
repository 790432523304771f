"""First function of a process for long work. It imports little: also the imports have low priority."""

from __future__ import annotations

import gc
import os
import pickle
from contextlib import suppress
from functools import cache
from typing import Any

_NICENESS = 5
"""Added to that of the service, so that readers go first where the processors are busy."""


@cache
def _lower_priority() -> None:
    with suppress(OSError):  # a container may forbid it
        os.nice(_NICENESS)


def call(work: bytes) -> Any:
    """Call a pickled function without arguments. Raises what it raises."""
    _lower_priority()
    gc.disable()  # what the first work imports stays, and looking through it took a fifth of that time
    function = pickle.loads(work)  # noqa: S301 - from the process that started this one
    gc.enable()
    return function()
