"""Plan of the sample data, ``plan.toml``, as values."""

from __future__ import annotations

import hashlib
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec

_PLAN, _SUPPLEMENTS = "plan.toml", ("commitments.toml",)


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the plan, which refuses unknown keys."""


class File(_Strict, frozen=True):
    file: str
    """Path in :func:`data_folder`."""
    part: str | None = None
    partial: bool = False


class _Step(_Strict, frozen=True, tag_field="do"):
    published_on: date
    """Day on which the release is recorded: the order in which the steps of all datasets are published."""


class Publish(_Step, frozen=True, tag="publish"):
    """Import the files, then publish them as one release."""

    effective_on: date
    files: tuple[File, ...]
    basis: str = ""
    note: str = ""
    accept_repeals: bool = False
    """Whether the proposed repeals of other documents are accepted."""


class Correct(_Step, frozen=True, tag="correct"):
    """更正: set fields of the record with this title. Values are cell texts, parsed as in an import."""

    title: str
    set: dict[str, str]
    reason: str
    basis: str = ""


class Withdraw(_Step, frozen=True, tag="withdraw"):
    """撤回公布: withdraw the record with this title."""

    title: str
    reason: str
    basis: str = ""


class Respond(_Step, frozen=True, tag="respond"):
    """Answer or dismiss the finding about the record with this title."""

    title: str
    kind: str
    text: str
    respondent: str
    on: date
    """Day of the response, and of effect of its release."""
    basis: str


class PartPlan(_Strict, frozen=True):
    name: str
    aliases: tuple[str, ...] = ()


type Step = Publish | Correct | Withdraw | Respond


class DatasetPlan(_Strict, frozen=True):
    name: str
    catalogue: str
    title: str
    title_en: str
    body: str
    licence: str
    contact: str
    description: str
    notice: str
    labels: tuple[str, ...]
    source_note: str
    step: tuple[Step, ...]
    division: str | None = None
    parts: tuple[PartPlan, ...] = ()


class SitePlan(_Strict, frozen=True):
    """Details that the site states of itself."""

    name: str
    name_en: str
    owner: str
    contact: str


class Plan(_Strict, frozen=True):
    tag_authority: str
    site: SitePlan
    dataset: tuple[DatasetPlan, ...]

    @property
    def releases(self) -> int:
        """Number of its releases."""
        return len(self.in_order())

    def in_order(self) -> tuple[tuple[DatasetPlan, Step], ...]:
        """List the steps of all datasets in the order in which they are published."""
        steps = [(dataset, step) for dataset in self.dataset for step in dataset.step]
        return tuple(sorted(steps, key=lambda pair: pair[1].published_on))


def data_folder() -> Traversable:
    """Return the folder of the sample's files, also for a package installed from a wheel."""
    return files("publisher.sample") / "data"


class _Supplement(_Strict, frozen=True):
    """Further datasets. Of steps of one day, those of the plan are published first."""

    dataset: tuple[DatasetPlan, ...]


def read_plan() -> Plan:
    """Read the plan with its supplements."""
    plan = msgspec.toml.decode(_text(_PLAN), type=Plan)
    supplements = [msgspec.toml.decode(_text(name), type=_Supplement) for name in _SUPPLEMENTS]
    return Plan(
        tag_authority=plan.tag_authority,
        site=plan.site,
        dataset=(*plan.dataset, *(dataset for one in supplements for dataset in one.dataset)),
    )


def digest(base: str) -> str:
    """Return the SHA-256 of the plan, its files and the base address: it detects a site of another sample."""
    total = hashlib.sha256(base.encode() + b"\n" + b"\n".join(map(_text, (_PLAN, *_SUPPLEMENTS))))
    for dataset in read_plan().dataset:
        for step in dataset.step:
            for file in step.files if isinstance(step, Publish) else ():
                total.update(hashlib.sha256(data_folder().joinpath(file.file).read_bytes()).digest())
    return total.hexdigest()


def _text(name: str) -> bytes:
    return (files("publisher.sample") / name).read_bytes()
