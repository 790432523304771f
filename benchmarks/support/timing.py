"""Wall and processor time of calls. Other load of the machine affects the latter less."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field


class Timer:
    """Time since it was made."""

    def __init__(self) -> None:
        self._began, self._cpu_began = time.perf_counter(), time.process_time()

    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def cpu_seconds(self) -> float:
        return time.process_time() - self._cpu_began


@dataclass
class Times:
    """Milliseconds of many calls."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def add(self, timer: Timer) -> None:
        """Add the call during which the timer ran."""
        self.processor.append(1000 * timer.cpu_seconds())
        self.clock.append(1000 * timer.seconds())

    def extend(self, others: Times) -> None:
        self.clock += others.clock
        self.processor += others.processor

    def __str__(self) -> str:
        """The quantiles of both, and the number of calls."""
        clock, processor = (
            f"p50 {quantile(values, 0.5):.2f} ms, p99 {quantile(values, 0.99):.2f} ms"
            for values in (self.clock, self.processor)
        )
        return f"{clock} (processor {processor}; {len(self.clock)} calls)"


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
