"""Settings of a site, read once from arguments or ``QINGDAN_*`` variables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from search.elastic.connection import Connection


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable, as ``docs/settings.md`` lists it."""

    name: str
    default: str
    """The default value, or a description of it; empty without a default."""
    zh: str
    en: str


VARIABLES: tuple[Variable, ...] = (
    Variable(
        "QINGDAN_HOME",
        "`qingdan-site`",
        "站点所在的文件夹：数据库、来源文件、索引和本站自己的清单类型定义。`qingdan --home` 优先。",
        "The folder that contains the site: database, sources, index and the site's own catalogues. "
        "`qingdan --home` takes precedence.",
    ),
    Variable(
        "QINGDAN_DATABASE",
        "`sqlite:///<home>/qingdan.db`",
        "日志所在的数据库（SQLAlchemy URL）。多台机器共用时用 `postgresql://…`，须装 `postgresql` 附加项。",
        "SQLAlchemy URL of the log. Use `postgresql://…` (with the `postgresql` extra) for several machines; "
        "see [log.md](log.md).",
    ),
    Variable(
        "QINGDAN_DATABASE_CONNECTIONS",
        "`20`",
        "每个进程同时使用的 PostgreSQL 连接数；各进程之和须小于服务器的 max_connections。SQLite 不用此项。",
        "Connections of a process to PostgreSQL at once; the sum over all processes must stay below "
        "the server's max_connections (see [postgresql.md](postgresql.md)). SQLite does not use it.",
    ),
    Variable(
        "QINGDAN_BOUNDARIES",
        "",
        "行政区划边界的 GeoJSON 文件，每个要素带 GB/T 2260 代码。软件不附带该文件："
        "公开地图须有审图号，使用哪份边界由站点决定。",
        "A GeoJSON file of administrative divisions, each feature with its GB/T 2260 code (see "
        "[ogc.md](ogc.md)). The project ships none: a published map of China needs an approved 审图号; the "
        "site chooses its boundaries.",
    ),
    Variable(
        "QINGDAN_LOOPBACK",
        "`0`",
        "`1` 允许访问本机地址上的网页和回调，仅供测试；内网、链路本地和保留地址仍被拒绝。",
        "`1` allows pages and callbacks on this machine. For tests only: private, link-local and reserved "
        "addresses are still refused.",
    ),
    Variable(
        "QINGDAN_SHOW_ACTOR",
        "`0`",
        "`1` 向社会公布每次发布的经办人（`--actor`）；默认不公布，只存入日志。",
        "`1` publishes the clerk of each release (`--actor`); by default it stays in the log.",
    ),
    Variable(
        "QINGDAN_HUB",
        "",
        "WebSub 中心的地址：订阅源注明它，每次发布后 `qingdan work` 通知它。由站点自己选定，可以在内网。",
        "Address of a WebSub hub. Feeds name it and `qingdan work` notifies it of every release (see "
        "[feeds.md](feeds.md)). The site chooses it, so it may be in a private network.",
    ),
    Variable(
        "QINGDAN_QUERIES",
        "`4+128`",
        "记录查询、版本比较和要素查询：同时处理的个数+等候的个数；等候已满时立即回答503（`too-busy`）。",
        "Lists, comparisons and feature queries: how many run at once + how many wait. If the queue is full, "
        "the answer is 503 (`too-busy`) at once.",
    ),
    Variable(
        "QINGDAN_EXPORTS",
        "`2+64`",
        "生成的文件（导出、工作簿、数据包）：同时生成的个数+等候的个数，同上。",
        "Files that are generated (exports, workbooks, packages): how many at once + how many wait.",
    ),
    Variable(
        "QINGDAN_CONNECTIONS",
        "`1000`",
        "同时打开的连接数；超出的回答503后断开。",
        "Connections that are open at once; a further one is answered 503 and closed.",
    ),
    Variable(
        "QINGDAN_CORRECTIONS",
        "`100`",
        "等待处理的纠错最多几件，超出时表单暂停；`0` 关闭“我要纠错”。没有密钥时也关闭。",
        "How many requests for correction may wait for a clerk; beyond that the form pauses. `0` turns it "
        "off, as does the lack of a key (see [corrections.md](corrections.md)).",
    ),
    Variable(
        "QINGDAN_CLIENT_HEADER",
        "",
        "反向代理写入访客地址的请求头，如 `X-Forwarded-For`（取最后一个）；只有请求都经过该代理时才可设。"
        "同一来源（IPv6按/64）的费时请求有上限，超出时回答429。",
        "Header in which the reverse proxy writes the client's address, such as `X-Forwarded-For` (the "
        "last element counts); set it only if every request passes the proxy. Heavy requests are limited per "
        "client (IPv6: /64); beyond that the answer is 429.",
    ),
    Variable(
        "QINGDAN_METRICS",
        "",
        "`qingdan serve` 供 Prometheus 抓取 `/metrics` 的地址，如 `127.0.0.1:9464`；默认不提供。不得对外。",
        "Address at which `qingdan serve` serves `/metrics` to Prometheus, such as `127.0.0.1:9464`; none by "
        "default. Do not open it to the public.",
    ),
    Variable(
        "QINGDAN_WORK_METRICS",
        "",
        "`qingdan work` 的同样地址，如 `127.0.0.1:9465`。",
        "The same of `qingdan work`, such as `127.0.0.1:9465`.",
    ),
    Variable(
        "QINGDAN_LOG",
        "`text`",
        "运行日志的格式：`text` 或 `json`，写到标准错误。",
        "Form of the process log on stderr: `text` or `json`.",
    ),
    Variable(
        "QINGDAN_ACCESS_LOG",
        "`0`",
        "`1` 逐个记录请求：地址截短为网段，不记查询条件。",
        "`1` logs each request: its address shortened to a network, and without its query.",
    ),
    Variable(
        "QINGDAN_KEY_PASSPHRASE",
        "",
        "私钥文件的口令；建立密钥和签名存证点时使用。",
        "Passphrase of the files of private keys: used when a key is created and when a checkpoint is signed "
        "(see [proof.md](proof.md)).",
    ),
    Variable(
        "QINGDAN_SIGN_COMMAND",
        "",
        "在别处签名的命令：从标准输入读入存证点文本，输出签名行。由 `qingdan work` 在发布之后运行。",
        "A command that signs elsewhere: it reads the text of a checkpoint and prints signature lines. "
        "`qingdan work` runs it after a publication (see [proof.md](proof.md)).",
    ),
    Variable(
        "QINGDAN_WITNESSES",
        "",
        "见证存证点的各方，以逗号分隔，每方写作“地址 公钥”。由 `qingdan work` 在签名之后请其见证。",
        "Witnesses that cosign checkpoints, separated by commas, each as `ADDRESS KEY`. `qingdan work` asks "
        "them after a checkpoint is signed (see [proof.md](proof.md)).",
    ),
    Variable(
        "QINGDAN_SEARCH",
        "`embedded`",
        "`embedded`（索引在站点文件夹里）或 `elasticsearch`。",
        "`embedded` (index in the home folder) or `elasticsearch` (see [search.md](search.md)).",
    ),
    Variable(
        "QINGDAN_ELASTICSEARCH_HOSTS",
        "`http://127.0.0.1:9200`",
        "各节点的地址，用逗号分隔；一个连不上时用下一个。",
        "Addresses of nodes, separated by commas. If one fails, the next is used.",
    ),
    Variable(
        "QINGDAN_ELASTICSEARCH_ALIAS",
        "`qingdan`",
        "搜索所用的别名；其后的索引名为 `<alias>-000001` 等，不访问其他索引。",
        "The alias that is searched. Its indices are called `<alias>-000001` and so on; no other is used.",
    ),
    Variable(
        "QINGDAN_ELASTICSEARCH_API_KEY",
        "",
        "API 密钥（编码后的），优先于用户。它或用户须有 `<alias>*` 索引的 `all` 权限，不需要集群权限。",
        "An encoded API key; takes precedence over a user. It, or the user, needs the privilege `all` on the "
        "indices `<alias>*` and no privilege on the cluster.",
    ),
    Variable("QINGDAN_ELASTICSEARCH_USER", "", "用户名，与密码同用。", "A user, with the password below."),
    Variable("QINGDAN_ELASTICSEARCH_PASSWORD", "", "该用户的密码。", "The user's password."),
    Variable(
        "QINGDAN_ELASTICSEARCH_CA",
        "the system's",
        "签发集群证书的 CA 的 PEM 文件。",
        "A PEM file of the authority that signed the cluster's certificate.",
    ),
    Variable(
        "QINGDAN_ELASTICSEARCH_SHARDS",
        "`1`",
        "此后新建索引的分片数。",
        "Number of shards of an index created from now on.",
    ),
    Variable(
        "QINGDAN_ELASTICSEARCH_REPLICAS",
        "`0`",
        "每个分片的副本数；设为1即可容许失去一个节点。",
        "Number of copies of each shard; 1 tolerates the loss of a node.",
    ),
)


@dataclass(frozen=True, slots=True)
class PoolSize:
    """Size of a pool of threads and of its queue, written ``threads+waiting``."""

    threads: int
    waiting: int
    """Pieces of work that may wait for a thread; a further one is refused."""


type LogForm = Literal["text", "json"]

_DATABASE_CONNECTIONS = 20
_QUERIES, _EXPORTS, _CONNECTIONS = PoolSize(4, 128), PoolSize(2, 64), 1000


@dataclass(frozen=True, slots=True)
class WitnessAddress:
    """A witness that cosigns checkpoints."""

    url: str
    """Prefix of ``/add-checkpoint`` (C2SP tlog-witness)."""
    key: str
    """``NAME+ID+BASE64`` (C2SP tlog-cosignature)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a site, parsed from :data:`VARIABLES`."""

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
    hub: str = ""
    """``QINGDAN_HUB``: address of the WebSub hub that is notified of every change; none by default."""
    queries: PoolSize = _QUERIES
    """``QINGDAN_QUERIES``: reads that may take long."""
    exports: PoolSize = _EXPORTS
    """``QINGDAN_EXPORTS``: files that are generated."""
    connections: int = _CONNECTIONS
    """``QINGDAN_CONNECTIONS``: connections that are open at once."""
    corrections: int = 100
    """``QINGDAN_CORRECTIONS``: requests for correction that may wait; 0: there is no form."""
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
    cluster: Connection | None = None
    """``QINGDAN_SEARCH=elasticsearch`` and the connection to the cluster; None is the embedded engine."""

    @property
    def sources(self) -> Path:
        return self.home / "sources"

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
        """What readers wrote, if the database is SQLite; in a folder that only it needs to be written."""
        return self.home / "inbox" / "inbox.db"

    @property
    def index(self) -> Path:
        return self.home / "index"


def read_settings(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read settings from the environment; ``home`` (``--home``) takes precedence over ``QINGDAN_HOME``."""
    env = os.environ if environ is None else environ
    folder = home or Path(env.get("QINGDAN_HOME") or "qingdan-site")
    boundaries = env.get("QINGDAN_BOUNDARIES")
    return Settings(
        home=folder,
        database=env.get("QINGDAN_DATABASE") or f"sqlite:///{folder / 'qingdan.db'}",
        database_connections=int(env.get("QINGDAN_DATABASE_CONNECTIONS") or _DATABASE_CONNECTIONS),
        boundaries=Path(boundaries) if boundaries else None,
        loopback=env.get("QINGDAN_LOOPBACK") == "1",
        shows_actor=env.get("QINGDAN_SHOW_ACTOR") == "1",
        hub=_read_hub(env),
        queries=_read_pool(env, "QINGDAN_QUERIES", _QUERIES),
        exports=_read_pool(env, "QINGDAN_EXPORTS", _EXPORTS),
        corrections=int(env.get("QINGDAN_CORRECTIONS") or 100),
        client_header=env.get("QINGDAN_CLIENT_HEADER") or "",
        connections=int(env.get("QINGDAN_CONNECTIONS") or _CONNECTIONS),
        metrics=_read_address(env, "QINGDAN_METRICS"),
        work_metrics=_read_address(env, "QINGDAN_WORK_METRICS"),
        log_form=_read_log_form(env),
        access_log=env.get("QINGDAN_ACCESS_LOG") == "1",
        key_passphrase=env.get("QINGDAN_KEY_PASSPHRASE") or "",
        sign_command=env.get("QINGDAN_SIGN_COMMAND") or "",
        witnesses=_read_witnesses(env),
        cluster=_read_cluster(env),
    )


def _read_pool(env: Mapping[str, str], name: str, default: PoolSize) -> PoolSize:
    """Read a size like ``4+128``. Raises ``ValueError``."""
    text = env.get(name)
    if not text:
        return default
    match = re.fullmatch(r"([1-9]\d{0,2})\+(\d{1,4})", text)
    if match is None:
        raise ValueError(f"{name}: {text!r} (4+128)")
    return PoolSize(int(match[1]), int(match[2]))


def _read_address(env: Mapping[str, str], name: str) -> str:
    """Read ``host:port``. Raises ``ValueError``."""
    address = env.get(name) or ""
    if address and not re.fullmatch(r"([\w.-]+|\[[\da-fA-F:]+\]):\d{1,5}", address):
        raise ValueError(f"{name}: {address!r} (127.0.0.1:9464)")
    return address


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
    """Read the connection to the cluster. Raises ``ValueError`` for an unknown engine."""
    engine = env.get("QINGDAN_SEARCH") or "embedded"
    if engine == "embedded":
        return None
    if engine != "elasticsearch":
        raise ValueError(f"QINGDAN_SEARCH: {engine!r} (embedded, elasticsearch)")
    ca = env.get("QINGDAN_ELASTICSEARCH_CA")
    return Connection(
        hosts=tuple(
            (env.get("QINGDAN_ELASTICSEARCH_HOSTS") or "http://127.0.0.1:9200").replace(",", " ").split()
        ),
        alias=env.get("QINGDAN_ELASTICSEARCH_ALIAS") or "qingdan",
        api_key=env.get("QINGDAN_ELASTICSEARCH_API_KEY") or "",
        user=env.get("QINGDAN_ELASTICSEARCH_USER") or "",
        password=env.get("QINGDAN_ELASTICSEARCH_PASSWORD") or "",
        ca=Path(ca) if ca else None,
        shards=int(env.get("QINGDAN_ELASTICSEARCH_SHARDS") or 1),
        replicas=int(env.get("QINGDAN_ELASTICSEARCH_REPLICAS") or 0),
    )
