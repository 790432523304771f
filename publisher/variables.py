"""Environment variables of a site, as ``docs/settings.md`` lists them."""

from __future__ import annotations

import msgspec


class Variable(msgspec.Struct, frozen=True):
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
        "QINGDAN_DESK_DRAFTER_PUBLISHES",
        "`0`",
        "`1` 允许填报人在工作台发布自己的内容，仍须由他人审核；默认须由填报人以外的人发布。",
        "`1` lets who drafted publish at the desk what another person approved; by default another "
        "person than the drafter publishes (see [desk.md](desk.md)).",
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
        "`2+128`",
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
        "QINGDAN_MAIL",
        "",
        "邮件订阅的发件人，如 `示例市清单公开 <news@example.gov.cn>`；不设则没有邮件订阅。"
        "`serve` 和 `work` 都要设。",
        "Sender of mails to followers, such as `Lists <news@example.gov.cn>`; without it there is no "
        "subscription by e-mail. Set it for `serve` and `work` (see [follow.md](follow.md)).",
    ),
    Variable(
        "QINGDAN_SMTP",
        "",
        "`qingdan work` 寄送邮件的服务器：`smtps://user:password@host:465`，或 `smtp://…:587`"
        "（须支持 STARTTLS，本机除外）。",
        "Server by which `qingdan work` sends mails: `smtps://user:password@host:465`, or `smtp://…:587`, "
        "which has to offer STARTTLS unless it is this machine.",
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
        "私钥文件的口令；建立密钥、签名存证点和打开公众的联系方式、邮箱时使用。未设时建立的文件没有口令，以后也可使用。",
        "Passphrase of the files of private keys: used when a key is created, when a checkpoint is signed "
        "(see [proof.md](proof.md)), and to open contacts and addresses of readers. A file that was created "
        "without it has none, and is used like that.",
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
        "QINGDAN_DESK_BASE",
        "`http://127.0.0.1:8001`",
        "工作台的地址，浏览器由此访问；`https://` 时会话的 cookie 只经加密连接发送。其他主机名的请求被拒绝。",
        "Address at which browsers reach the desk (see [desk.md](desk.md)). With `https://` its cookies are "
        "sent over encrypted connections only. Requests for another host name are refused.",
    ),
    Variable(
        "QINGDAN_OIDC_ISSUER",
        "",
        "统一身份认证（OpenID Connect）的 issuer，如 `https://login.example.gov.cn`；不设则只用工作台自己的账号。",
        "Issuer of the provider of identities (OpenID Connect) at which officials sign in to the desk (see "
        "[desk.md](desk.md)); without it the desk has accounts of its own only.",
    ),
    Variable(
        "QINGDAN_OIDC_CLIENT",
        "",
        "工作台在统一身份认证登记的 `client_id`；回调地址登记为 `<QINGDAN_DESK_BASE>/oidc/callback`。",
        "`client_id` of the desk there; its redirect address is `<QINGDAN_DESK_BASE>/oidc/callback`.",
    ),
    Variable(
        "QINGDAN_OIDC_SECRET",
        "",
        "其 `client_secret`；不设则为只用 PKCE 的公开客户端。",
        "Its `client_secret`; without it the desk is a public client with PKCE only.",
    ),
    Variable(
        "QINGDAN_OIDC_SCOPE",
        "`openid profile`",
        "所请求的 scope，须含 `openid`；用户组另需 scope 的，加在后面。",
        "Scopes that are requested; `openid` is one. Add what the claim of groups needs.",
    ),
    Variable(
        "QINGDAN_OIDC_GROUPS",
        "`groups`",
        "写有用户组的 claim，在 ID Token 或 userinfo 中。",
        "Claim with the groups of a person, of the ID token or the user info.",
    ),
    Variable(
        "QINGDAN_OIDC_ROLES",
        "",
        "用户组对应的角色，每个写作“组=角色”，以分号分隔，例见 [desk.zh-CN.md](desk.zh-CN.md)。",
        "Roles of groups, separated by semicolons, each as `GROUP=ROLE[:DATASET[:PART]]`, such as "
        "`minzheng=填报:shili-powers:民政局;shengai=审核`.",
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
        "各节点的地址（写明协议和端口），用逗号分隔；一个连不上时用下一个。",
        "Addresses of nodes with scheme and port, separated by commas. If one fails, the next is used.",
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
