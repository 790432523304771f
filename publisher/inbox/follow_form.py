"""The form of subscriptions by e-mail: what the public side needs to print it and to take it."""

from __future__ import annotations

from dataclasses import dataclass, field

from publisher.inbox.form_limits import DailyLimits, FormTokens
from publisher.inbox.public_followers import PublicFollowers


@dataclass(slots=True)
class FollowForm:
    followers: PublicFollowers
    tokens: FormTokens
    limits: DailyLimits
    _is_on: bool = field(default=False, repr=False)

    def is_on(self) -> bool:
        """Report whether the form can be used. The worker upgrades an older inbox while this process runs."""
        self._is_on = self._is_on or self.followers.is_on()
        return self._is_on
