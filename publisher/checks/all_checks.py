"""List of every check."""

from __future__ import annotations

from publisher.checks.article_moved import ArticleMoved
from publisher.checks.bases.basis_missing import BasisMissing
from publisher.checks.bases.basis_superseded import BasisSuperseded
from publisher.checks.bases.basis_too_low import BasisTooLow
from publisher.checks.bases.rate_only import RateOnly
from publisher.checks.basis_repealed import BasisRepealed
from publisher.checks.cancelled_still_listed import CancelledStillListed
from publisher.checks.check import Check
from publisher.checks.complete_lists.not_in_superior_list import NotInSuperiorList
from publisher.checks.limits.limit_lengthened import LimitLengthened
from publisher.checks.limits.limit_missing import LimitMissing
from publisher.checks.limits.promised_exceeds_statutory import PromisedExceedsStatutory
from publisher.checks.service_without_approval import ServiceWithoutApproval

CHECKS: tuple[Check, ...] = (
    BasisRepealed(),
    CancelledStillListed(),
    ArticleMoved(),
    LimitLengthened(),
    LimitMissing(),
    PromisedExceedsStatutory(),
    ServiceWithoutApproval(),
    BasisMissing(),
    BasisTooLow(),
    BasisSuperseded(),
    RateOnly(),
    NotInSuperiorList(),
)
CHECKS_BY_CODE = {check.code: check for check in CHECKS}
