"""List of every check."""

from __future__ import annotations

from publisher.checks.basis_repealed import BasisRepealed
from publisher.checks.check import Check

CHECKS: tuple[Check, ...] = (BasisRepealed(),)
CHECKS_BY_CODE = {check.code: check for check in CHECKS}
