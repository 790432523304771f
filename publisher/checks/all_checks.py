"""List of every check."""

from __future__ import annotations

from publisher.checks.article_moved import ArticleMoved
from publisher.checks.basis_repealed import BasisRepealed
from publisher.checks.cancelled_still_listed import CancelledStillListed
from publisher.checks.check import Check

CHECKS: tuple[Check, ...] = (
    BasisRepealed(),
    CancelledStillListed(),
    ArticleMoved(),
)
CHECKS_BY_CODE = {check.code: check for check in CHECKS}
