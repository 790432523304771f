"""Sources of collected documents: when they ran and what failed, a dry run, and a source that is added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

import msgspec

from publisher.desk.accounts.roles import Action
from publisher.desk.acts import audited
from publisher.desk.desk import Desk
from publisher.desk.http.guards import require
from publisher.desk.work import Person, append_audit_line, event_of
from publisher.harvest import source_config
from publisher.harvest.all_sources import HarvestOptions, find_next_run, harvest_sources
from publisher.harvest.report import SourceReport, StoredReport, read_stored_report
from publisher.harvest.source_config import SOURCES_FILE, SourcesError, SourceSite
from publisher.log.evidence.failed_pages import FailedPage
from publisher.log.evidence.harvested_pages import WARC
from publisher.log.evidence.source_runs import MOST_RUNS, SourceRun
from publisher.log.model import LogError
from publisher.workflow.import_files import find_catalogue_file

SECONDS = 45.0
"""Most seconds of a dry run; a proxy in front of the desk waits for a minute."""


class ReportedRun(msgspec.Struct, frozen=True):
    """A run over a source. ``stored``: its report; None while it runs, or if it was interrupted."""

    began_at: datetime
    ended_at: datetime | None
    stored: StoredReport | None


class SourceState(msgspec.Struct, frozen=True):
    """A source of the site, and what became of its runs."""

    site: SourceSite
    runs: Sequence[ReportedRun]
    """The newest first."""
    next_run: datetime
    drafted: int
    """Files of drafts that were read from its pages."""
    failed_pages: Sequence[FailedPage]
    """Pages on which the program failed."""

    @property
    def last(self) -> ReportedRun | None:
        return next(iter(self.runs), None)


def list_states(desk: Desk) -> Sequence[SourceState]:
    """List the sources of the site, each with its last run. Raises ``LogError('bad-sources')``."""
    drafted = _count_drafted(desk)
    return [_state(desk, site, drafted, most=1) for site in _read_sites(desk).values()]


def find_state(desk: Desk, name: str) -> SourceState:
    """Return a source with all its runs. Raises ``LogError``: ``no-such-source``, ``bad-sources``."""
    site = _read_sites(desk).get(name)
    if site is None:
        raise LogError(
            "no-such-source",
            f"{SOURCES_FILE} 中没有“{name}”。",
            f"There is no source {name!r} in {SOURCES_FILE}.",
        )
    return _state(desk, site, _count_drafted(desk), most=MOST_RUNS)


def try_source(desk: Desk, person: Person, site: SourceSite) -> SourceReport:
    """Look at the lists and the first documents of a source, and store nothing, as a dry run of the command.

    Raises ``LogError``: ``bad-sources``, ``collecting``.
    """
    _check(desk, person, site)
    options = HarvestOptions(desk.clock, dry_run=True, loopback=desk.settings.loopback, within=SECONDS)
    append_audit_line(desk, person, "source-tried", site.name, {"addresses": list(site.entries)})
    catalogues = partial(find_catalogue_file, desk.log, folder=desk.settings.catalogues)
    report = harvest_sources(desk.log, [site], options, catalogues=catalogues, progress=lambda *_: None)
    return report.sources[0]


def add_source(desk: Desk, person: Person, site: SourceSite) -> None:
    """Append a source to the file of the site. Raises ``LogError('bad-sources')``."""
    _check(desk, person, site)
    details = {"dataset": site.dataset, "hosts": list(site.hosts), "addresses": list(site.entries)}
    event = event_of(person, site.name, {**details, "publish": site.publish})
    with audited(desk, "source-added", event):
        try:
            source_config.add_source(desk.settings.home, site, _dataset_names(desk))
        except SourcesError as error:
            raise _bad_sources(error) from error
        except PermissionError as error:
            raise LogError(
                "bad-sources",
                f"工作台不能写入 {SOURCES_FILE}。请让运行工作台的用户可以写入站点文件夹。",
                f"The desk may not write {SOURCES_FILE}: let its user write into the folder of the site.",
            ) from error


def read_form(name: str, keys: Mapping[str, object]) -> SourceSite:
    """Read the keys of a source as a form has them: numbers are texts. Raises ``LogError('bad-sources')``."""
    try:
        return source_config.convert_source(name, keys, strict=False)
    except SourcesError as error:
        raise _bad_sources(error) from error


def _check(desk: Desk, person: Person, site: SourceSite) -> None:
    """Check that a source is in order, and that a person may add it to each dataset that it reads into."""
    try:
        source_config.check_source(site, _dataset_names(desk))
    except SourcesError as error:
        raise _bad_sources(error) from error
    if desk.log.datasets.get(site.dataset).parts:
        raise LogError(
            "bad-sources",
            f"“{site.dataset}”由各部门分别报送，采集的文件不属于任何部门。请另选一个整体报送的数据集。",
            f"{site.dataset} consists of parts, and a collected document belongs to none: choose another.",
        )
    for dataset in (site.dataset, *site.tables):
        require(person.account, Action.MANAGE_DATASETS, dataset, None)


def _dataset_names(desk: Desk) -> Sequence[str]:
    return [dataset.name for dataset in desk.log.datasets.all()]


def _read_sites(desk: Desk) -> Mapping[str, SourceSite]:
    home = desk.settings.home
    if not (home / SOURCES_FILE).exists():
        return {}
    try:
        return source_config.read_sources(home, _dataset_names(desk))
    except SourcesError as error:
        raise _bad_sources(error) from error


def _bad_sources(error: SourcesError) -> LogError:
    return LogError("bad-sources", error.zh, error.en)


def _state(desk: Desk, site: SourceSite, drafted: Mapping[str, int], *, most: int) -> SourceState:
    evidence = desk.log.evidence
    return SourceState(
        site,
        [_read_run(run) for run in evidence.runs(site.name, most=most)],
        find_next_run(desk.log, site, desk.clock()),
        drafted.get(site.name, 0),
        evidence.failed_pages(site.name),
    )


def _read_run(run: SourceRun) -> ReportedRun:
    return ReportedRun(run.began_at, run.ended_at, read_stored_report(run.report) if run.report else None)


def _count_drafted(desk: Desk) -> Mapping[str, int]:
    """Count the files of drafts by the source of their pages."""
    digests = list(_iter_collected(desk))
    pages = desk.log.evidence.pages_of_responses(digests)
    return Counter(pages[digest][0].source_site for digest in digests if digest in pages)


def _iter_collected(desk: Desk) -> Iterable[str]:
    for dataset in desk.log.datasets.all():
        for one in desk.log.drafts.imports(dataset.name):
            if one.source.media_type == WARC:
                yield one.source.digest
