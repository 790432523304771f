"""What a release says of its approval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ReleaseApproval:
    """What a release says of its approval, under the two-person rule."""

    digest: str
    """SHA-256 of what was approved; empty in an emergency."""
    emergency: str | None
    """Reason why it was published without an approval."""
    secrecy_reviewed_on: date | None
    people: tuple[tuple[str, str], ...]
    """Role and salted commitment of each person."""
