"""Settings of a site, read once from arguments or ``QINGDAN_*`` variables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, quote, unquote, urlsplit

import msgspec

from search.elastic.connection import Connection


class PoolSize(msgspec.Struct, frozen=True):
    """Limits of work of one kind that runs and that waits, written ``at_once+waiting``."""

    at_once: int
    waiting: int
    """Pieces of work that may wait for their turn; a further one is refused."""


type LogForm = Literal["text", "json"]

_DATABASE_CONNECTIONS = 20
_DESK_BASE = "http://127.0.0.1:8001"
_QUERIES, _EXPORTS, _CONNECTIONS = PoolSize(2, 128), PoolSize(2, 64), 1000
_CORRECTIONS = 100
_SWITCH = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


class WitnessAddress(msgspec.Struct, frozen=True):
    """A witness that cosigns checkpoints."""

    url: str
    """Prefix of ``/add-checkpoint`` (C2SP tlog-witness)."""
    key: str
    """``NAME+ID+BASE64`` (C2SP tlog-cosignature)."""


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """A provider of identities (OpenID Connect), at which officials sign in to the desk."""

    issuer: str
    client: str
    secret: str = field(repr=False)
    """Empty: a public client, which PKCE alone protects."""
    scope: str
    groups: str
    """Claim with the groups of a person."""
    roles: tuple[tuple[str, str], ...]
    """Group, and the role that it gives, as ``ROLE[:DATASET[:PART]]``."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a site; :data:`publisher.variables.VARIABLES` describes their variables for readers."""

    home: Path
    """``QINGDAN_HOME``: folder of the site."""
    database: str
    """``QINGDAN_DATABASE``: SQLAlchemy URL; SQLite in the home unless set."""
    database_connections: int = _DATABASE_CONNECTIONS
    """``QINGDAN_DATABASE_CONNECTIONS``: connections of this process to a database server."""
    boundaries: Path | None = None
    """``QINGDAN_BOUNDARIES``: GeoJSON of administrative divisions; without it there is no map."""
    loopback: bool = False
    """``QINGDAN_LOOPBACK=1``: allow pages and callbacks on this machine; for tests."""

    shows_actor: bool = False
    """``QINGDAN_SHOW_ACTOR=1``: publish the clerk of each release."""
    drafter_publishes: bool = False
    """``QINGDAN_DESK_DRAFTER_PUBLISHES=1``: who drafted may publish what another person approved."""
    hub: str = ""
    """``QINGDAN_HUB``: address of the WebSub hub that is notified of every change; none by default."""
    queries: PoolSize = _QUERIES
    """``QINGDAN_QUERIES``: reads that may take long."""
    exports: PoolSize = _EXPORTS
    """``QINGDAN_EXPORTS``: files that are generated."""
    connections: int = _CONNECTIONS
    """``QINGDAN_CONNECTIONS``: connections that are open at once."""
    corrections: int = _CORRECTIONS
    """``QINGDAN_CORRECTIONS``: requests for correction that may wait; 0: there is no form."""
    mail: str = ""
    """``QINGDAN_MAIL``: sender of mails to followers; empty: there are none."""
    smtp: str = field(default="", repr=False)
    """``QINGDAN_SMTP``: address of the server that takes them, with user and password."""
    client_header: str = ""
    """``QINGDAN_CLIENT_HEADER``: header with the client's address, written by a trusted proxy."""
    metrics: str = ""
    """``QINGDAN_METRICS``: ``host:port`` of the metrics of ``serve``; none by default."""
    work_metrics: str = ""
    """``QINGDAN_WORK_METRICS``: the same of ``work``."""
    log_form: LogForm = "text"
    """``QINGDAN_LOG``: form of the process log."""
    access_log: bool = False
    """``QINGDAN_ACCESS_LOG=1``: log each request."""
    key_passphrase: str = field(default="", repr=False)
    """``QINGDAN_KEY_PASSPHRASE``: passphrase of private keys in files."""
    sign_command: str = ""
    """``QINGDAN_SIGN_COMMAND``: command that signs checkpoints; none by default."""
    witnesses: tuple[WitnessAddress, ...] = ()
    """``QINGDAN_WITNESSES``: witnesses that cosign checkpoints; none by default."""
    desk_base: str = _DESK_BASE
    """``QINGDAN_DESK_BASE``: address at which browsers reach the desk."""
    oidc: OidcProvider | None = None
    """``QINGDAN_OIDC_ISSUER`` and the others: where officials sign in; None: at the desk only."""
    cluster: Connection | None = None
    """``QINGDAN_SEARCH=elasticsearch`` and the connection to the cluster; None is the embedded engine."""

    @property
    def sources(self) -> Path:
        return self.home / "sources"

    @property
    def catalogues(self) -> Path | None:
        """Folder of the site's own catalogue files, or None."""
        folder = self.home / "catalogues"
        return folder if folder.is_dir() else None

    @property
    def files(self) -> Path:
        """Cache of download files, created on demand; an erasure empties it."""
        return self.home / "files"

    @property
    def keys(self) -> Path:
        """Folder of private keys."""
        return self.home / "keys"

    @property
    def inbox(self) -> Path:
        """Store of what readers wrote, if the database is SQLite.

        It has a folder of its own, so that the right to write can be limited to it.
        """
        return self.home / "inbox" / "inbox.db"

    @property
    def desk(self) -> Path:
        """Accounts of the desk, if the database is SQLite; its secret is beside it."""
        return self.home / "desk" / "desk.db"

    @property
    def desk_key(self) -> Path:
        """Secret of the desk: without it its second factors are lost."""
        return self.desk.with_name("desk.key")

    @property
    def cursor_key(self) -> Path:
        """Secret of cursors and of the forms of the public site."""
        return self.home / "cursor.key"

    @property
    def index(self) -> Path:
        return self.home / "index"

    @property
    def model(self) -> Path:
        """Model for search by meaning, if one is installed."""
        return self.home / "model"


def read_settings(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read settings from the environment; ``home`` (``--home``) takes precedence over ``QINGDAN_HOME``."""
    env = os.environ if environ is None else environ
    folder = home or Path(env.get("QINGDAN_HOME") or "qingdan-site")
    boundaries = env.get("QINGDAN_BOUNDARIES")
    return Settings(
        home=folder,
        database=env.get("QINGDAN_DATABASE") or _sqlite_url(folder / "qingdan.db"),
        database_connections=_read_number(
            env, "QINGDAN_DATABASE_CONNECTIONS", _DATABASE_CONNECTIONS, least=1
        ),
        boundaries=Path(boundaries) if boundaries else None,
        loopback=_read_switch(env, "QINGDAN_LOOPBACK"),
        shows_actor=_read_switch(env, "QINGDAN_SHOW_ACTOR"),
        drafter_publishes=_read_switch(env, "QINGDAN_DESK_DRAFTER_PUBLISHES"),
        hub=_read_hub(env),
        queries=_read_pool(env, "QINGDAN_QUERIES", _QUERIES),
        exports=_read_pool(env, "QINGDAN_EXPORTS", _EXPORTS),
        corrections=_read_number(env, "QINGDAN_CORRECTIONS", _CORRECTIONS),
        mail=_read_mail(env),
        smtp=_read_smtp(env),
        client_header=env.get("QINGDAN_CLIENT_HEADER") or "",
        connections=_read_number(env, "QINGDAN_CONNECTIONS", _CONNECTIONS, least=1),
        metrics=_read_address(env, "QINGDAN_METRICS"),
        work_metrics=_read_address(env, "QINGDAN_WORK_METRICS"),
        log_form=_read_log_form(env),
        access_log=_read_switch(env, "QINGDAN_ACCESS_LOG"),
        key_passphrase=env.get("QINGDAN_KEY_PASSPHRASE") or "",
        sign_command=env.get("QINGDAN_SIGN_COMMAND") or "",
        witnesses=_read_witnesses(env),
        desk_base=_read_desk_base(env),
        oidc=_read_oidc(env),
        cluster=_read_cluster(env),
    )


def _sqlite_url(file: Path) -> str:
    """Return the URL of SQLAlchemy for a file, whose path may contain ``?``, ``#`` or ``%``."""
    return f"sqlite:///{re.sub('[%?#]', lambda match: quote(match[0]), str(file))}"


def _read_switch(env: Mapping[str, str], name: str) -> bool:
    """Read yes or no; no unless it is set. Raises ``ValueError`` for another text."""
    text = env.get(name) or "0"
    if text.lower() not in _SWITCH:
        raise ValueError(f"{name}: {text!r} ({', '.join(_SWITCH)})")
    return _SWITCH[text.lower()]


def _read_number(env: Mapping[str, str], name: str, default: int, *, least: int = 0) -> int:
    """Read a whole number. Raises ``ValueError`` for another text, or less than ``least``."""
    text = env.get(name)
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
        raise ValueError(f"{name}: {text!r} (≥ {least})")
    return int(text)


def _read_pool(env: Mapping[str, str], name: str, default: PoolSize) -> PoolSize:
    """Read a size like ``2+128``. Raises ``ValueError``."""
    text = env.get(name)
    if not text:
        return default
    match = re.fullmatch(r"([1-9]\d{0,2})\+(\d{1,4})", text)
    if match is None:
        raise ValueError(f"{name}: {text!r} (2+128)")
    return PoolSize(int(match[1]), int(match[2]))


def _read_address(env: Mapping[str, str], name: str) -> str:
    """Read ``host:port``. Raises ``ValueError``."""
    address = env.get(name) or ""
    if address and not _fits(r"(?:[\w.-]+|\[[\da-fA-F:]+\]):([0-9]{1,5})", address):
        raise ValueError(f"{name}: {address!r} (127.0.0.1:9464)")
    return address


def _fits(pattern: str, address: str) -> bool:
    """Test an address; the group of ``pattern`` is its port, which it may lack."""
    match = re.fullmatch(pattern, address)
    return match is not None and 0 < int(match[1] or 1) < 1 << 16


def _read_log_form(env: Mapping[str, str]) -> LogForm:
    """Raises ``ValueError``."""
    match env.get("QINGDAN_LOG") or "text":
        case "text":
            return "text"
        case "json":
            return "json"
        case form:
            raise ValueError(f"QINGDAN_LOG: {form!r} (text, json)")


def _read_hub(env: Mapping[str, str]) -> str:
    """Read the hub's address. Raises ``ValueError`` if it is not a web address."""
    hub = env.get("QINGDAN_HUB") or ""
    if hub and not hub.startswith(("http://", "https://")):
        raise ValueError(f"QINGDAN_HUB: {hub!r} (https://…)")
    return hub


def _read_desk_base(env: Mapping[str, str]) -> str:
    """Read the address of the desk. Raises ``ValueError`` if it is not an origin."""
    base = (env.get("QINGDAN_DESK_BASE") or _DESK_BASE).rstrip("/")
    if not re.fullmatch(r"https?://[^/?#@\s]+", base):
        raise ValueError(f"QINGDAN_DESK_BASE: {base!r} (https://desk.example.gov.cn)")
    return base


def _read_oidc(env: Mapping[str, str]) -> OidcProvider | None:
    """Read the provider of identities. Raises ``ValueError``, without the secret."""
    issuer = env.get("QINGDAN_OIDC_ISSUER") or ""
    if not issuer:
        return None
    if not re.fullmatch(
        r"https://[^/?#@\s]+(/[^?#\s]*)?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?/?", issuer
    ):
        raise ValueError(f"QINGDAN_OIDC_ISSUER: {issuer!r} (https://login.example.gov.cn)")
    client = env.get("QINGDAN_OIDC_CLIENT") or ""
    if not client:
        raise ValueError("QINGDAN_OIDC_CLIENT: 未设置 is not set")
    roles = []
    for text in filter(str.strip, (env.get("QINGDAN_OIDC_ROLES") or "").split(";")):
        group, separator, role = (word.strip() for word in text.partition("="))
        if not group or not separator or not role:
            raise ValueError(f"QINGDAN_OIDC_ROLES: {text!r} (组=ROLE[:DATASET[:PART]];…)")
        roles.append((group, role))
    return OidcProvider(
        issuer=issuer,
        client=client,
        secret=env.get("QINGDAN_OIDC_SECRET") or "",
        scope=env.get("QINGDAN_OIDC_SCOPE") or "openid profile",
        groups=env.get("QINGDAN_OIDC_GROUPS") or "groups",
        roles=tuple(roles),
    )


def _read_mail(env: Mapping[str, str]) -> str:
    """Read the sender of mails. Raises ``ValueError`` unless it is one address, with a name or without."""
    from email.utils import parseaddr  # noqa: PLC0415 - 15 ms of every command

    sender = env.get("QINGDAN_MAIL") or ""
    if sender and not re.fullmatch(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(\.[\w-]+)*", parseaddr(sender)[1], re.A):
        raise ValueError(f"QINGDAN_MAIL: {sender!r} (清单 <news@example.gov.cn>)")
    return sender


def _read_smtp(env: Mapping[str, str]) -> str:
    """Read the address of the mail server. Raises ``ValueError``, without the password."""
    address = env.get("QINGDAN_SMTP") or ""
    pattern = r"smtps?://(?:[^@/?#\s]+@)?(?:[\w.-]+|\[[\da-fA-F:]+\])(?::([0-9]{1,5}))?"
    try:
        is_right = not address or (_fits(pattern, address) and _can_log_in(urlsplit(address)))
    except ValueError:
        is_right = False
    if not is_right:
        raise ValueError("QINGDAN_SMTP: smtps://user:password@host:465 (ASCII)")
    return address


def _can_log_in(parts: SplitResult) -> bool:
    """Report whether user and password are ASCII. Raises ``UnicodeError`` for a host that is no name."""
    (parts.hostname or "").encode("idna")
    return unquote(f"{parts.username}:{parts.password}").isascii()


def _read_witnesses(env: Mapping[str, str]) -> tuple[WitnessAddress, ...]:
    """Read addresses and keys of witnesses. Raises ``ValueError``."""
    witnesses = []
    for text in filter(str.strip, (env.get("QINGDAN_WITNESSES") or "").split(",")):
        match = re.fullmatch(r"(https?://\S+)\s+([^\s+]+\+[0-9a-f]{8}\+\S+)", text.strip())
        if match is None:
            raise ValueError(f"QINGDAN_WITNESSES: {text!r} (https://… NAME+ID+BASE64)")
        witnesses.append(WitnessAddress(match[1].rstrip("/"), match[2]))
    return tuple(witnesses)


def _read_cluster(env: Mapping[str, str]) -> Connection | None:
    """Read the connection to the cluster. Raises ``ValueError``, without a password."""
    engine = env.get("QINGDAN_SEARCH") or "embedded"
    if engine == "embedded":
        return None
    if engine != "elasticsearch":
        raise ValueError(f"QINGDAN_SEARCH: {engine!r} (embedded, elasticsearch)")
    hosts = (env.get("QINGDAN_ELASTICSEARCH_HOSTS") or "http://127.0.0.1:9200").replace(",", " ").split()
    pattern = r"https?://(?:[^@/\s]+@)?(?:[\w.-]+|\[[\da-fA-F:]+\]):([0-9]{1,5})(?:/\S*)?"
    if not all(_fits(pattern, host) for host in hosts):
        raise ValueError("QINGDAN_ELASTICSEARCH_HOSTS: https://host:9200")
    ca = env.get("QINGDAN_ELASTICSEARCH_CA")
    return Connection(
        hosts=tuple(hosts),
        alias=env.get("QINGDAN_ELASTICSEARCH_ALIAS") or "qingdan",
        api_key=env.get("QINGDAN_ELASTICSEARCH_API_KEY") or "",
        user=env.get("QINGDAN_ELASTICSEARCH_USER") or "",
        password=env.get("QINGDAN_ELASTICSEARCH_PASSWORD") or "",
        ca=Path(ca) if ca else None,
        shards=_read_number(env, "QINGDAN_ELASTICSEARCH_SHARDS", 1, least=1),
        replicas=_read_number(env, "QINGDAN_ELASTICSEARCH_REPLICAS", 0),
    )
