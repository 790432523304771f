"""Dependencies of the desk's handlers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from publisher.desk.accounts.accounts import Accounts
from publisher.desk.accounts.acts import Acts
from publisher.desk.accounts.audit_log import AuditLog
from publisher.desk.accounts.credentials import DeskKey
from publisher.desk.accounts.identities import Identities
from publisher.desk.accounts.oidc import Oidc
from publisher.desk.accounts.schedules import Schedules
from publisher.desk.accounts.sessions import SessionStore
from publisher.desk.accounts.sign_in import SignIn
from publisher.desk.accounts.store import DeskStore
from publisher.desk.accounts.stored_answers import StoredAnswers
from publisher.desk.accounts.tokens import Tokens
from publisher.desk.readings import DraftReadings
from publisher.indexing.open_engine import open_engine
from publisher.log.clocks import utc_now
from publisher.log.log import Log
from publisher.mac_key import read_or_create_key
from publisher.settings import Settings
from publisher.views.pages.printing.templates import Press
from publisher.web.service import Service, create_service


class Staff(msgspec.Struct, frozen=True):
    """The people who work at the desk: their accounts, and what is in the same store."""

    store: DeskStore
    key: DeskKey
    accounts: Accounts
    sign_in: SignIn
    oidc: Oidc | None
    """None: the site has no provider of identities."""
    identities: Identities
    sessions: SessionStore
    audit: AuditLog
    acts: Acts
    tokens: Tokens
    answers: StoredAnswers
    schedules: Schedules

    def close(self) -> None:
        self.store.close()


class Desk(msgspec.Struct, frozen=True):
    """Dependencies of all handlers; built once by the app factory."""

    settings: Settings
    log: Log
    staff: Staff
    readings: DraftReadings
    public: Service
    """Dependencies of the functions of public pages, which make the previews."""
    press: Press
    clock: Callable[[], datetime]

    @property
    def base(self) -> str:
        return self.settings.desk_base

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the desk by HTTPS."""
        return self.base.startswith("https://")

    @property
    def site_name(self) -> str:
        return self.log.datasets.site_details()[0].name or "清单"


def create_desk(settings: Settings, log: Log, staff: Staff, clock: Callable[[], datetime] = utc_now) -> Desk:
    """Create the dependencies. The search engine stays unopened: no preview of a public page searches."""
    public = create_service(settings, log, open_engine(settings), clock)
    return Desk(settings, log, staff, DraftReadings(log), public, Press(), clock)


def open_staff(
    settings: Settings,
    *,
    create: bool = False,
    clock: Callable[[], datetime] = utc_now,
    application: str = "qingdan",
) -> Staff:
    """Open the accounts of a site. ``create``: make their store if there is none.

    Raises ``LogError``: ``no-desk``, ``newer-database``, ``key-unusable``, ``no-such-role`` (of a group).
    """
    opener = DeskStore.create_or_open if create else DeskStore.open
    oidc = settings.oidc
    store = opener(settings.database, settings.desk, application=application)
    settings.desk.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = DeskKey(read_or_create_key(settings.desk_key))
    accounts = Accounts(store, key, clock)
    identities = Identities(store, () if oidc is None else oidc.roles, clock)
    return Staff(
        store=store,
        key=key,
        accounts=accounts,
        sign_in=SignIn(store, accounts, key, clock),
        oidc=None if oidc is None else Oidc(oidc, settings.desk_base, clock),
        identities=identities,
        sessions=SessionStore(store, clock),
        audit=AuditLog(store),
        acts=Acts(store, clock),
        tokens=Tokens(store, clock),
        answers=StoredAnswers(store, clock),
        schedules=Schedules(store),
    )
