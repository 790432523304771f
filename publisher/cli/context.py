"""Context of a command: its site, opened on demand and closed at the end, and parameter types."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec import structs

from publisher.cli.terminal import output
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.failures import CommandError
from publisher.settings import Settings

if TYPE_CHECKING:
    from publisher.inbox.contact_seal import SealKeys
    from publisher.inbox.inbox import Inbox
    from publisher.log.log import Log
    from schemas.definition.catalogue import Catalogue
    from search.contract import SearchEngine


class CommandContext(msgspec.Struct, frozen=True):
    """Settings of the site that ``--home`` or the environment names, and what commands open with them."""

    settings: Settings
    _clock_offset: float = msgspec.field(default_factory=lambda: time.time() - time.monotonic())

    def clock_drift(self) -> timedelta:
        """Return by how much the clock was set since the command started; negative if it was set back."""
        return timedelta(seconds=time.time() - time.monotonic() - self._clock_offset)

    @contextmanager
    def log(
        self,
        *,
        read_only: bool = False,
        public: bool = False,
        statement_seconds: int | None = None,
        role: str = "command",
    ) -> Iterator[Log]:
        """Open the log of a site. ``read_only``: the medium need not be writable.

        ``public``: read-only too, for a process that anybody can reach.
        ``statement_seconds``: duration after which a database server ends a statement. ``role``: name of this
        process in the lists of the server. Raises ``CommandError('not-initialised')`` and ``LogError``.
        """
        from publisher.log.database.postgresql import ServerLimits
        from publisher.log.log import Log
        from publisher.log.model import LogError
        from publisher.log.transparency.key_files import KeyFiles

        if self.settings.database.startswith("sqlite") and not self.settings.home.is_dir():
            raise CommandError(
                "not-initialised",
                f"这里没有站点：{self.settings.home}。请先运行 qingdan init，或用 --home 指明。",
                f"There is no site in {self.settings.home}. Run qingdan init first, or name it with --home.",
                exit_code=Exit.NOT_FOUND,
            )
        database, sources = self.settings.database, self.settings.sources
        keys = KeyFiles(self.settings.keys, self.settings.key_passphrase)
        limits = ServerLimits(self.settings.database_connections, application=f"qingdan {role}")
        if statement_seconds is not None:
            limits = structs.replace(limits, statement_seconds=statement_seconds)
        open_log = partial(Log.open, database, sources=sources, keys=keys)
        try:
            log = open_log(read_only=read_only, public=public, limits=limits)
            was_resealed = log.was_resealed
        except LogError as error:
            if error.code != "upgrade-needed":
                raise
            upgraded = open_log()  # for writing, which upgrades the tables
            was_resealed = upgraded.was_resealed
            upgraded.close()
            log = open_log(read_only=read_only, public=public, limits=limits)
        try:
            log.datasets.site()  # raises LogError('not-initialised')
            if was_resealed and (reseal := log.proofs.reseal()) is not None:
                print_reseal(reseal.releases, reseal.at)
            yield log
        finally:
            log.close()

    def seal_keys(self) -> SealKeys:
        """Return the private keys that open contacts of corrections."""
        from publisher.inbox.contact_seal import SealKeys

        return SealKeys(self.settings.keys, self.settings.key_passphrase)

    def inbox(self) -> Inbox | None:
        """Open the inbox of corrections, which the caller closes; None if the site has none."""
        from publisher.inbox.inbox import Inbox

        return Inbox.open(self.settings.database, self.settings.inbox, self.seal_keys())

    def engine(self) -> SearchEngine:
        """Open the search engine; it is closed when the command ends."""
        import anyio

        from publisher.indexing.open_engine import open_engine

        engine = open_engine(self.settings)
        click.get_current_context().call_on_close(lambda: anyio.run(engine.close))
        return engine

    def catalogue(self, name: str) -> Catalogue:
        """Load a catalogue. Raises ``CommandError('no-such-catalogue')``."""
        from schemas.definition import file_loader

        try:
            return file_loader.load_catalogue(name, self.settings.catalogues)
        except KeyError:
            names = ", ".join(file_loader.list_names(self.settings.catalogues))
            raise CommandError(
                "no-such-catalogue",
                f"没有清单类型“{name}”。现有：{names}",
                f"There is no catalogue “{name}”. There are: {names}",
                exit_code=Exit.NOT_FOUND,
            ) from None

    def dataset_catalogue(self, log: Log, dataset: str) -> Catalogue | None:
        """Return as :func:`.find_catalogue_file`."""
        from publisher.workflow.import_files import find_catalogue_file

        return find_catalogue_file(log, dataset, self.settings.catalogues)


def print_reseal(releases: int, at: datetime) -> None:
    """Print the day of the upgrade that added entries for earlier releases: proofs reach back to it only."""
    output.print_message(
        f"第1至{releases}次发布（全站序号）是在升级时（{at:%Y-%m-%d}）补做存证的："
        "存证只能证明此日之后内容没有变化；此日之前是否变化过，无从证明。",
        f"Releases 1 to {releases} of the site were published before it had proofs, and were sealed "
        f"at the upgrade on {at:%Y-%m-%d}. They are vouched for from that day on only: no proof can "
        "show whether they were changed before.",
    )


with_context = click.make_pass_decorator(CommandContext)


class Day(click.ParamType[date]):
    """A date as people write it: ``2015-12-01``, ``2015年12月1日``, ``2015.12.1``."""

    name = "日期 date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        day = read_day(str(value))
        if day is None:
            self.fail(
                f"'{value}'：日期写作2015-12-01或2015年12月1日 / write a day as 2015-12-01, not {value!r}",
                param,
                ctx,
            )
        return day


def read_day(text: str) -> date | None:
    """Read a day in any form that a table may contain; None if it is not a day."""
    from schemas.cells.quantities import read_date
    from schemas.normalise import fold

    compact = "".join(fold(text).split())
    try:
        return date.fromisoformat(compact)
    except ValueError:
        return read_date(compact)


class Moment(click.ParamType[datetime]):
    """An instant with a time zone, ``2015-12-01T08:00:00+08:00``."""

    name = "时刻 instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        moment = _read_moment(str(value))
        if moment is None:
            self.fail(
                f"{value!r}：时刻写作2015-12-01T08:00:00+08:00 / "
                f"write an instant as 2015-12-01T08:00:00+08:00, not {value!r}",
                param,
                ctx,
            )
        return moment


def _read_moment(text: str) -> datetime | None:
    """Read an instant with its zone; None for another text, and where the calendar ends."""
    from publisher.log.clocks import day_at

    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None and day_at(moment) else None
    except (ValueError, OverflowError):
        return None


DAY = Day()
MOMENT = Moment()
JSON = click.option("--json", "as_json", is_flag=True, help="输出 JSON / Print JSON.")
"""The option of every command whose results a program may read."""
NUMBER = click.IntRange(1, 2**31 - 1)
"""Number of a release or of a token: one that a column of the database can have."""
YES = click.option("--yes", is_flag=True, help="不询问直接执行 / Do not ask.")


def http_address(host: str, port: int) -> str:
    """Return the address of a server on a host, which may be an IPv6 address."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def today() -> date:
    """Return the current day in Asia/Shanghai, the time zone of days of effect."""
    from publisher.log.clocks import day_at, utc_now

    return day_at(utc_now())
