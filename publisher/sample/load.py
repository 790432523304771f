"""Publication of the sample data in a new site, by the workflow of clerks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import Path

import anyio
import msgspec

from publisher import settings
from publisher.indexing import indexer
from publisher.log.clocks import SHANGHAI
from publisher.log.findings.finding_query import FindingQuery
from publisher.log.log import Log
from publisher.log.model import Dataset, Part
from publisher.sample.plan import (
    Correct,
    DatasetPlan,
    File,
    Plan,
    Publish,
    Respond,
    Step,
    Withdraw,
    data_folder,
)
from publisher.sample.reader_corrections import send_corrections
from publisher.workflow import publish_draft
from publisher.workflow.import_files import InputFile, import_files
from publisher.workflow.respond import NewResponse, stage_response
from schemas.cells import values
from schemas.definition import file_loader
from schemas.definition.catalogue import Content
from search.contract import SearchEngine
from search.embedded.engine import EmbeddedEngine

ACTOR = "演示 demo"
_OPENING = time(9)
"""Time of day of the first step of a day."""

type ReleaseProgress = Callable[[int, int, str], None]
"""``(number of the release, number of all releases, title of the dataset)``."""


class SampleError(Exception):
    """The site refuses a file or step of the sample, or its search does not follow the log."""


class _PublicationClock:
    """Clock of the log while the plan is published: its days, and not the machine's time."""

    def __init__(self) -> None:
        self._moment = datetime.min.replace(tzinfo=SHANGHAI)

    def __call__(self) -> datetime:
        return self._moment

    def go_to(self, day: date) -> None:
        """Go to the morning of a day, or on by a quarter of an hour if it is that day already."""
        morning = datetime.combine(day, _OPENING, SHANGHAI)
        self._moment = max(morning, self._moment + timedelta(minutes=15))


def publish_plan(home: Path, plan: Plan, *, base: str, progress: ReleaseProgress) -> None:
    """Create a site in ``home`` and publish the plan. Raises :class:`SampleError`."""
    site_settings = settings.read_settings(home, environ={})
    clock = _PublicationClock()
    clock.go_to(plan.in_order()[0][1].published_on)
    with closing(Log.open(site_settings.database, sources=site_settings.sources, clock=clock)) as log:
        log.datasets.init_site(base, plan.tag_authority)
        log.datasets.change_site(**msgspec.structs.asdict(plan.site))
        _publish_all(log, clock, plan, progress)
    with closing(Log.open(site_settings.database, sources=site_settings.sources)) as log:
        send_corrections(site_settings, log)
        anyio.run(_index, log, EmbeddedEngine(site_settings.index))


def _publish_all(log: Log, clock: _PublicationClock, plan: Plan, progress: ReleaseProgress) -> None:
    created_names: set[str] = set()
    for number, (dataset, step) in enumerate(plan.in_order(), start=1):
        clock.go_to(step.published_on)
        if dataset.name not in created_names:
            log.datasets.create(_dataset(dataset), file_loader.load_catalogue(dataset.catalogue))
            created_names.add(dataset.name)
        _run_step(log, dataset.name, step)
        progress(number, plan.releases, dataset.title)


async def _index(log: Log, search: SearchEngine) -> None:
    # Once after all releases, since each indexing waits until the index is durable.
    if not await indexer.await_indexed(log, search):
        raise SampleError("search does not follow the log")
    await search.close()


def _dataset(plan: DatasetPlan) -> Dataset:
    return Dataset(
        name=plan.name,
        catalogue=plan.catalogue,
        title=plan.title,
        title_en=plan.title_en,
        body=plan.body,
        division=plan.division,
        licence=plan.licence,
        contact=plan.contact,
        description=plan.description,
        notice=plan.notice,
        labels=plan.labels,
        source_note=plan.source_note,
        parts=tuple(Part(part.name, part.aliases) for part in plan.parts),
    )


def _run_step(log: Log, name: str, step: Step) -> None:
    match step:
        case Publish():
            _import_files(log, name, step.files)
            if step.accept_repeals:
                log.drafts.decide_repeals(name, None, accept=True)
            release = publish_draft.publish_draft(
                log,
                name,
                effective_on=step.effective_on,
                basis=step.basis,
                note=step.note,
                actor=ACTOR,
            )
            if release is None:
                raise SampleError(f"{name}: a release from {step.effective_on} changes nothing")
        case Correct():
            record, content = _find_record(log, name, step.title)
            fields = log.queries.catalogue(name).by_name
            for field, text in step.set.items():
                content[field] = values.parse_value(fields[field], text).value
            log.releases.correct(name, {record: content}, reason=step.reason, basis=step.basis, actor=ACTOR)
        case Withdraw():
            record, _ = _find_record(log, name, step.title)
            log.releases.withdraw(name, [record], reason=step.reason, basis=step.basis, actor=ACTOR)
        case Respond():
            _respond(log, name, step)


def _respond(log: Log, name: str, step: Respond) -> None:
    log.findings.update()
    findings = [one.id for one in log.findings.page(FindingQuery()).findings if one.title == step.title]
    if len(findings) != 1:
        raise SampleError(f"{name}: {len(findings)} findings are about {step.title}")
    response = NewResponse(findings[0], step.kind, step.text, step.respondent, step.on)
    if stage_response(log, name, response).refused:
        raise SampleError(f"{name}: a response about {step.title} is refused")
    publish_draft.publish_draft(log, name, effective_on=step.on, basis=step.basis, actor=ACTOR)


def _import_files(log: Log, name: str, files: tuple[File, ...]) -> None:
    """Import the files of a release at once. Files of several departments say whose they are."""
    inputs = [InputFile(Path(f.file).name, data_folder().joinpath(f.file).read_bytes()) for f in files]
    part = files[0].part if len(files) == 1 else None
    report = import_files(log, name, inputs, part=part, partial=files[0].partial)
    if report.refused:
        errors = [f.message_en for f in report.findings if f.severity == "error"]
        errors += [c.message_en for c in report.conflicts]
        raise SampleError(f"{files[0].file}: {'; '.join(errors)}")
    for file, imported in zip(files, report.files, strict=True):
        if imported.part != file.part:
            raise SampleError(f"{file.file} is read as the list of {imported.part}")


def _find_record(log: Log, name: str, title: str) -> tuple[str, Content]:
    states = [state for state in log.queries.find_by_title(name, title) if state.title == title]
    if len(states) != 1:
        raise SampleError(f"{name}: {len(states)} records are called {title}")
    return states[0].id, dict(states[0].content)
