"""Configuration of sources (``sources.toml``): sites, addresses of their lists, and limits."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import httpx
import msgspec

from publisher import ssrf_guard

SOURCES_FILE = "sources.toml"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION_PATTERN = r"^[1-9][0-9]{0,4}[smhd]$"

type Duration = Annotated[str, msgspec.Meta(pattern=_DURATION_PATTERN)]
# Spaces and control characters, written so that every reader of the JSON Schema understands them alike.
_NO_SPACE = r"[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u3000\ufeff]"
type Address = Annotated[str, msgspec.Meta(pattern=rf"^https?://{_NO_SPACE}+$")]


class SourcesError(Exception):
    """Error in ``sources.toml`` with its position and reason."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


class SourceSite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A site, or a part of one, whose documents are collected. ``docs/collect.md`` describes every key."""

    name: str = ""
    """Name of its table in the file."""
    title: str
    dataset: str
    """The dataset into which its documents are read."""
    hosts: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    """Allowed hosts, also for redirects: ``name`` or ``name:port``."""
    lists: tuple[Address, ...] = ()
    """Pages that link to documents; their further pages are followed."""
    sitemaps: tuple[Address, ...] = ()
    feeds: tuple[Address, ...] = ()
    """RSS or Atom."""
    documents: str = ""
    """Regular expression that addresses of documents must match.

    Empty: every page of its hosts; of a list page only links with 8 characters or more."""
    most_lists: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 200
    """Most pages read for each list, its further pages included; lists share what others do not use."""
    every: Duration = "1h"
    """Interval at which the scheduler reads the lists."""
    recheck: Duration = "7d"
    """Interval at which a document is requested again, to detect that it changed or vanished."""
    pace: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 1.0
    """Seconds between two requests to one host; a longer delay in robots.txt takes precedence."""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=600)] = 30.0
    """Seconds for a request and its whole response."""
    largest: Annotated[int, msgspec.Meta(ge=1, le=64)] = 32
    """Largest response, in MiB."""
    redirects: Annotated[int, msgspec.Meta(ge=0, le=20)] = 5
    publish: bool = False
    """Whether a run publishes the draft at its end; otherwise a clerk publishes it."""
    tables: tuple[str, ...] = ()
    """Datasets that may read attached tables, in order of preference."""

    @property
    def entries(self) -> tuple[str, ...]:
        """Addresses with which a run begins."""
        return (*self.lists, *self.sitemaps, *self.feeds)

    def allows(self, address: str) -> bool:
        """Test whether an address belongs to one of its hosts, as every request is tested."""
        try:
            return ssrf_guard.is_listed(httpx.URL(address), frozenset(map(ssrf_guard.ascii_host, self.hosts)))
        except (ValueError, httpx.InvalidURL):
            return False

    @property
    def interval(self) -> timedelta:
        return parse_duration(self.every)

    @property
    def recheck_interval(self) -> timedelta:
        return parse_duration(self.recheck)


def parse_duration(text: str) -> timedelta:
    """Parse a time span: ``30m``, ``1h``, ``7d``."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def read_sources(home: Path, datasets: Sequence[str] | None = None) -> Mapping[str, SourceSite]:
    """Read the sources of a site by name, in the order of the file.

    ``datasets``: existing datasets, to check references. Raises :class:`SourcesError`, also for a missing
    file.
    """
    path = home / SOURCES_FILE
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise SourcesError(
            f"没有 {path}。请新建该文件，写明要采集的网站。",
            f"{path} does not exist; create it and list the sites to collect.",
        ) from None
    return _parse_sources(text, datasets)


def add_source(home: Path, source: SourceSite, datasets: Sequence[str]) -> None:
    """Append a source to the file, which is created if there is none; what it contains stays as written.

    Raises :class:`SourcesError`, also if there is a source of this name, or if the file is in error.
    """
    path = (home / SOURCES_FILE).resolve()
    with _only_writer(home):
        text = path.read_bytes() if path.exists() else b""
        if source.name in _parse_sources(text, datasets):
            raise SourcesError(
                f"{SOURCES_FILE} 中已有来源“{source.name}”。",
                f"{SOURCES_FILE} has a source {source.name!r} already.",
            )
        gap = b"" if not text else b"\n" if text.endswith(b"\n") else b"\n\n"
        _replace_file(path, text + gap + _encode_table(source, datasets))


def _replace_file(path: Path, text: bytes) -> None:
    """Replace a file atomically: other processes read the old or the new one."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        shutil.copymode(path, new)
    new.replace(path)


@contextmanager
def _only_writer(home: Path) -> Iterator[None]:
    """Wait until no other process adds a source."""
    folder = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _encode_table(source: SourceSite, datasets: Sequence[str]) -> bytes:
    """Write the keys that differ from their defaults; JSON strings, numbers and lists are TOML too."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(SourceSite)}
    values = {key: value for key, value in msgspec.structs.asdict(source).items() if value != defaults[key]}
    del values["name"]
    lines = (b"%s = %s\n" % (key.encode(), msgspec.json.encode(value)) for key, value in values.items())
    table = b"[%s]\n%s" % (source.name.encode(), b"".join(lines))
    try:
        is_written = _parse_sources(table, datasets).get(source.name) == source
    except SourcesError:
        is_written = False
    if not is_written:
        raise SourcesError(
            f"{SOURCES_FILE} {source.name}：含有控制字符，不能写入。",
            f"{SOURCES_FILE} {source.name}: it contains control characters and cannot be written.",
        )
    return table


def _parse_sources(text: bytes, datasets: Sequence[str] | None) -> Mapping[str, SourceSite]:
    try:
        tables = msgspec.toml.decode(text, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourcesError(
            f"{SOURCES_FILE} 不是合法的 TOML。详情：{error}",
            f"{SOURCES_FILE} is not valid TOML. Details: {error}",
        ) from error
    sources = {name: convert_source(name, table) for name, table in tables.items()}
    for source in sources.values():
        check_source(source, datasets)
    return sources


def convert_source(name: str, table: object, *, strict: bool = True) -> SourceSite:
    """Read the keys of one source. ``strict``: False if numbers are texts, as in a form.

    Raises :class:`SourcesError`.
    """
    try:
        return msgspec.structs.replace(msgspec.convert(table, SourceSite, strict=strict), name=name)
    except msgspec.ValidationError as error:
        raise _explain_invalid(name, str(error)) from error


_PLACE = re.compile(r" - at `\$(?P<place>[^`]*)`$")
_PROBLEMS = (
    (re.compile(r"Object contains unknown field `(.+?)`"), "没有“{0}”这一项", "unknown key {0!r}"),
    (re.compile(r"Object missing required field `(.+?)`"), "缺少“{0}”", "{0!r} is missing"),
    (re.compile(r"Expected `(.+?)`, got `(.+?)`"), "应为 {0}，而不是 {1}", "expected {0}, not {1}"),
    (re.compile(r"Expected `\w+` matching regex '\^https"), "应为网址", "expected a web address"),
    (re.compile(r"Expected `\w+` matching regex"), "应为时长，如“7d”", "write a duration such as 7d"),
    (re.compile(r"Expected `\w+` of length >= 1"), "至少需要一项", "at least one is needed"),
    (re.compile(r"Expected `\w+` (.*)"), "应为 {0}", "expected {0}"),
)  # fmt: skip


def _explain_invalid(name: str, problem: str) -> SourcesError:
    place = _PLACE.search(problem)
    problem = _PLACE.sub("", problem)
    where = f"{SOURCES_FILE} {name}{place['place'] if place else ''}"
    for pattern, zh, en in _PROBLEMS:
        if match := pattern.match(problem):
            words = match.groups()
            return SourcesError(f"{where}：{zh.format(*words)}", f"{where}: {en.format(*words)}")
    return SourcesError(f"{where}: {problem}", f"{where}: {problem}")


def check_source(source: SourceSite, datasets: Sequence[str] | None) -> None:
    """Check rules that the types cannot express. Raises :class:`SourcesError`."""
    name = source.name
    if not _NAME.fullmatch(name):
        raise SourcesError(
            f"{SOURCES_FILE} {name}：名称只能用小写字母、数字和连字符。",
            f"{SOURCES_FILE} {name}: names consist of lower-case letters, digits and hyphens.",
        )
    if not source.entries:
        raise SourcesError(
            f"{SOURCES_FILE} {name}：请写明 lists、sitemaps 或 feeds。",
            f"{SOURCES_FILE} {name}: specify lists, sitemaps or feeds.",
        )
    for host in source.hosts:
        try:
            ssrf_guard.ascii_host(host)
        except ValueError:
            raise SourcesError(
                f"{SOURCES_FILE} {name}.hosts：“{host}”不是主机名，请去掉 http://、路径和用户名。",
                f"{SOURCES_FILE} {name}.hosts: {host!r} is not a host name; omit http://, path and user.",
            ) from None
    for address in source.entries:
        if not source.allows(address):
            raise SourcesError(
                f"{SOURCES_FILE} {name}：{address} 的主机不在 hosts 中。",
                f"{SOURCES_FILE} {name}: the host of {address} is not among hosts.",
            )
    try:
        re.compile(source.documents)
    except (re.error, OverflowError, RecursionError) as error:
        raise SourcesError(
            f"{SOURCES_FILE} {name}.documents：正则表达式有误。详情：{error}",
            f"{SOURCES_FILE} {name}.documents: not a valid regular expression: {error}",
        ) from error
    for dataset in (source.dataset, *source.tables):
        if datasets is not None and dataset not in datasets:
            raise SourcesError(
                f"{SOURCES_FILE} {name}：没有数据集“{dataset}”。",
                f"{SOURCES_FILE} {name}: dataset {dataset!r} does not exist.",
            )
