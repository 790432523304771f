"""Datasets and their parts: each change is an entry of the public log, as commands make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from publisher.desk import work
from publisher.desk.accounts.roles import Action
from publisher.desk.acts import audited
from publisher.desk.desk import Desk
from publisher.desk.http.form_values import changed_details, write_shown
from publisher.desk.http.guards import ACTION, require
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.desk.work import person_of
from publisher.log.clocks import day_at
from publisher.log.model import Dataset, LogError, Part
from schemas.definition import file_loader
from schemas.definition.catalogue import Catalogue
from schemas.reference import administrative_divisions

_READ, _MANAGE = {ACTION: Action.READ_SETTINGS}, {ACTION: Action.MANAGE_DATASETS}
_FORM = Body(media_type=RequestEncodingType.URL_ENCODED)
_DATASET = "/datasets/{dataset:str}"
LONGEST = 500
"""Characters of a detail."""
type _Text = Annotated[str, msgspec.Meta(max_length=LONGEST)]


class DetailsForm(msgspec.Struct, frozen=True):
    """Details of a dataset by their names. ``two_persons``: of a box, which is sent if it is ticked.

    ``update_months``: up to 120, as the command takes it; blank promises nothing.
    """

    title: _Text = ""
    title_en: _Text = ""
    body: _Text = ""
    division: _Text = ""
    licence: _Text = ""
    contact: _Text = ""
    description: Annotated[str, msgspec.Meta(max_length=4 * LONGEST)] = ""
    notice: _Text = ""
    source_note: _Text = ""
    two_persons: str = ""
    update_months: Annotated[str, msgspec.Meta(pattern="^([0-9]{0,2}|1[01][0-9]|120)$")] = ""

    def details(self) -> dict[str, Any]:
        """Return the details as the log has them. Raises ``LogError('no-such-division')``."""
        texts = {name: str(text).strip() for name, text in msgspec.structs.asdict(self).items()}
        texts.pop("shown", None)
        code = texts.pop("division") or None
        if code is not None and administrative_divisions.name_of(code) is None:
            raise LogError("no-such-division", f"没有行政区划代码“{code}”。", f"There is no division {code}.")
        months = int(texts.pop("update_months") or 0) or None
        two_persons = bool(self.two_persons)
        return {**texts, "division": code, "two_persons": two_persons, "update_months": months}


class NewDatasetForm(DetailsForm, frozen=True):
    """A new dataset."""

    name: _Text = ""
    catalogue: _Text = ""


class ChangedDetailsForm(DetailsForm, frozen=True):
    """Details of a dataset that exists. ``shown``: those that the form showed."""

    shown: str = ""


class PartForm(msgspec.Struct, frozen=True):
    """A part: one that is added (``name``), or the one (``part``) that is renamed, merged or closed."""

    name: _Text = ""
    code: _Text = ""
    part: _Text = ""
    into: _Text = ""


@get("/datasets", opt=_READ)
@in_thread
def datasets_page(request: DeskRequest, state: State) -> Response[bytes]:
    """List the datasets, and show the form of a new one."""
    return _print_datasets(request, state.desk, NewDatasetForm(), None)


@post("/datasets", opt=_MANAGE, status_code=200)
@in_thread
def create_dataset(
    request: DeskRequest, state: State, data: Annotated[NewDatasetForm, _FORM]
) -> Response[Any]:
    """Create a dataset."""
    desk: Desk = state.desk
    require(request.user, Action.MANAGE_DATASETS, data.name, None)
    try:
        details = data.details()
        catalogue = _catalogue(desk, data.catalogue)
        details["name"] = data.name.strip()
        details["catalogue"] = catalogue.name
        event = work.event_of(person_of(request), details["name"], details)
        with audited(desk, "dataset-added", event):
            one = desk.log.datasets.create(Dataset(**details), catalogue)
    except LogError as error:
        return _print_datasets(request, desk, data, error)
    return see(f"/datasets/{one.name}")


@get(_DATASET, opt=_READ)
@in_thread
def dataset_page(request: DeskRequest, state: State, dataset: FromPath[str]) -> Response[bytes]:
    """Show the details and the parts of a dataset."""
    return _print_dataset(request, state.desk, dataset, None)


@post(_DATASET, opt=_MANAGE, status_code=200)
@in_thread
def change_dataset(
    request: DeskRequest, state: State, dataset: FromPath[str], data: Annotated[ChangedDetailsForm, _FORM]
) -> Response[Any]:
    """Change details of a dataset."""

    def change(desk: Desk) -> Mapping[str, object]:
        present = _details_of(desk.log.datasets.get(dataset))
        changes = changed_details(data.details(), data.shown, present)
        if changes:
            desk.log.datasets.change(dataset, **changes)
        return changes

    return _change(request, state.desk, dataset, data, change)


@post(f"{_DATASET}/parts", opt=_MANAGE, status_code=200)
@in_thread
def add_part(
    request: DeskRequest, state: State, dataset: FromPath[str], data: Annotated[PartForm, _FORM]
) -> Response[Any]:
    """Add a part."""

    def add(desk: Desk) -> Mapping[str, object]:
        name = data.name.strip()
        desk.log.datasets.add_part(dataset, Part(name, code=data.code.strip() or None))
        return {"added": name}

    return _change(request, state.desk, dataset, data, add)


@post(f"{_DATASET}/parts/rename", opt=_MANAGE, status_code=200)
@in_thread
def rename_part(
    request: DeskRequest, state: State, dataset: FromPath[str], data: Annotated[PartForm, _FORM]
) -> Response[Any]:
    """Give a part another name; the old one stays an alias."""

    def rename(desk: Desk) -> Mapping[str, object]:
        name = data.name.strip()
        desk.log.datasets.rename_part(dataset, data.part, name)
        return {"renamed": data.part, "name": name}

    return _change(request, state.desk, dataset, data, rename)


@post(f"{_DATASET}/parts/merge", opt=_MANAGE, status_code=200)
@in_thread
def merge_parts(
    request: DeskRequest, state: State, dataset: FromPath[str], data: Annotated[PartForm, _FORM]
) -> Response[Any]:
    """Merge a part into another one, which takes over its records."""

    def merge(desk: Desk) -> Mapping[str, object]:
        desk.log.datasets.merge_parts(dataset, data.part, data.into)
        return {"merged": data.part, "into": data.into}

    return _change(request, state.desk, dataset, data, merge)


@post(f"{_DATASET}/parts/close", opt=_MANAGE, status_code=200)
@in_thread
def close_part(
    request: DeskRequest, state: State, dataset: FromPath[str], data: Annotated[PartForm, _FORM]
) -> Response[Any]:
    """Close a part from today on."""

    def close(desk: Desk) -> Mapping[str, object]:
        desk.log.datasets.close_part(dataset, data.part, valid_to=day_at(desk.clock()))
        return {"closed": data.part}

    return _change(request, state.desk, dataset, data, close)


def _change(
    request: DeskRequest,
    desk: Desk,
    dataset: str,
    sent: DetailsForm | PartForm,
    change: Callable[[Desk], Mapping[str, object]],
) -> Response[Any]:
    """Make a change and append it to the audit log, or show the page with what is wrong."""
    require(request.user, Action.MANAGE_DATASETS, dataset, None)
    try:
        with audited(desk, "dataset-changed", work.event_of(person_of(request), dataset, {})) as details:
            details.update(change(desk))
    except LogError as error:
        if error.code == "no-such-dataset":
            raise
        return _print_dataset(request, desk, dataset, error, sent)
    return see(f"/datasets/{dataset}")


def _details_of(dataset: Dataset) -> Mapping[str, Any]:
    """Return the details of a dataset as :meth:`DetailsForm.details` returns those of its form."""
    return {name: getattr(dataset, name) for name in DetailsForm.__struct_fields__}


def _catalogue(desk: Desk, name: str) -> Catalogue:
    """Load a built-in catalogue, or one of the site's. Raises ``LogError('no-such-catalogue')``."""
    try:
        return file_loader.load_catalogue(name, desk.settings.catalogues)
    except KeyError:
        raise LogError(
            "no-such-catalogue", f"没有清单类型“{name}”。", f"There is no catalogue {name}."
        ) from None


def _print_datasets(
    request: DeskRequest, desk: Desk, typed: NewDatasetForm, fault: LogError | None
) -> Response[bytes]:
    return page(
        request,
        "datasets.html",
        datasets=desk.log.datasets.all(),
        catalogues=[_catalogue(desk, name) for name in file_loader.list_names(desk.settings.catalogues)],
        typed=typed,
        fault=fault,
        longest=LONGEST,
    )


def _print_dataset(
    request: DeskRequest,
    desk: Desk,
    dataset: str,
    fault: LogError | None,
    sent: DetailsForm | PartForm | None = None,
) -> Response[bytes]:
    one = desk.log.datasets.get(dataset)
    return page(
        request,
        "dataset.html",
        one=one,
        catalogue=desk.log.queries.catalogue(dataset),
        open_parts=[(part.name, part.name) for part in one.parts if part.valid_to is None],
        fault=fault,
        sent=sent,
        shown=write_shown(_details_of(one)),
        longest=LONGEST,
        may_manage=request.user.may(Action.MANAGE_DATASETS, dataset),
    )


HANDLERS = [
    datasets_page,
    create_dataset,
    dataset_page,
    change_dataset,
    add_part,
    rename_part,
    merge_parts,
    close_part,
]
