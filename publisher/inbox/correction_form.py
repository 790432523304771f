"""The form “我要纠错”: what the public side needs to print it and to take it."""

from __future__ import annotations

import msgspec

from publisher.inbox.form_limits import DailyLimits, FormTokens
from publisher.inbox.public_inbox import PublicInbox


class CorrectionForm(msgspec.Struct, frozen=True):
    """``inbox``: takes the requests."""

    inbox: PublicInbox
    tokens: FormTokens
    limits: DailyLimits
