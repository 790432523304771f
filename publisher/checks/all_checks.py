"""List of every check."""

from __future__ import annotations

from publisher.checks.basis_repealed import BasisRepealed
from publisher.checks.cancelled_still_listed import CancelledStillListed
from publisher.checks.check import Check

CHECKS: tuple[Check, ...] = (BasisRepealed(), CancelledStillListed())
CHECKS_BY_CODE = {check.code: check for check in CHECKS}
