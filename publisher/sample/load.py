"""Publish the sample data into a fresh site, by the functions that the command line uses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio

from publisher import settings
from publisher.indexing import worker
from publisher.log.log import Log
from publisher.log.model import Dataset, Part
from publisher.sample.plan import Correct, DatasetPlan, File, Plan, Publish, Withdraw, data
from publisher.workflow import publish_draft
from publisher.workflow.import_files import GivenFile, import_files
from schemas.cells import values
from schemas.definition import file_loader
from schemas.definition.catalogue import Content
from search.contract import SearchEngine
from search.embedded.engine import EmbeddedEngine

ACTOR = "演示 demo"

type Told = Callable[[int, int, str], None]
"""``(releases done, releases in all, the dataset's title)``."""


class SampleError(Exception):
    """A file or step of the sample that the site refuses: the sample itself is at fault."""


def load(home: Path, plan: Plan, *, base: str, told: Told) -> None:
    """Make a site in ``home`` and publish the plan. Raises :class:`SampleError`."""
    place = settings.read(home, environ={})
    log = Log.open(place.database, sources=place.sources)
    try:
        log.datasets.init_site(base, plan.tag_authority)
        _all(log, plan, told)
        anyio.run(_index, log, EmbeddedEngine(place.index))
    finally:
        log.close()


def _all(log: Log, plan: Plan, told: Told) -> None:
    done = 0
    for dataset in plan.dataset:
        log.datasets.create(_dataset(dataset), file_loader.load(dataset.catalogue))
        for step in dataset.step:
            _step(log, dataset.name, step)
            done += 1
            told(done, plan.releases, dataset.title)


async def _index(log: Log, search: SearchEngine) -> None:
    # Once for all releases: each would otherwise wait for the index to be durable.
    if not await worker.settle(log, search):
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


def _step(log: Log, name: str, step: Publish | Correct | Withdraw) -> None:
    match step:
        case Publish():
            for file in step.files:
                _import(log, name, file)
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
            record, content = _record(log, name, step.title)
            known = log.queries.catalogue(name).by_name
            for field, text in step.set.items():
                content[field] = values.parse_value(known[field], text).value
            log.releases.correct(name, {record: content}, reason=step.reason, basis=step.basis, actor=ACTOR)
        case Withdraw():
            record, _ = _record(log, name, step.title)
            log.releases.withdraw(name, [record], reason=step.reason, basis=step.basis, actor=ACTOR)


def _import(log: Log, name: str, file: File) -> None:
    path = data().joinpath(file.file)
    given = GivenFile(Path(file.file).name, path.read_bytes())
    report = import_files(log, name, [given], part=file.part, partial=file.partial)
    if report.refused:
        errors = [f.message_en for f in report.findings if f.severity == "error"]
        errors += [c.message_en for c in report.conflicts]
        raise SampleError(f"{file.file}: {'; '.join(errors)}")


def _record(log: Log, name: str, title: str) -> tuple[str, Content]:
    found = [state for state in log.queries.find(name, title) if state.title == title]
    if len(found) != 1:
        raise SampleError(f"{name}: {len(found)} records are called {title}")
    return found[0].id, dict(found[0].content)
