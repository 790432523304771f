"""Routes: complete states as files, the site as one package, and deltas between two releases."""

from __future__ import annotations

import msgspec
from msgspec import structs

from openapi.operation import Operation, Parameter
from publisher.log.model import View
from publisher.views.api import requested_view
from publisher.views.api.answers import files as answers
from publisher.views.api.parameter_docs import DATASET, NUMBER, VIEW
from publisher.views.discovery import signposting
from publisher.views.exports import write_state
from publisher.views.exports.export import About, FileFormat
from publisher.views.exports.formats import FILE_FORMATS
from publisher.web import query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.file_cache import FileKey
from publisher.web.problems import ProblemError
from publisher.web.query_parameters import Grammar
from publisher.web.range_download import disposition
from publisher.web.route import AnyRoute, Call, FileReply, FileRoute, Reply, route
from publisher.web.service import Service
from schemas.words import Lang

TAG = "files"
_ANY = "application/octet-stream"
FORM = Parameter(
    "form",
    "文件的格式 / Kind of file",
    {"type": "string", "enum": list(FILE_FORMATS)},
    where="path",
    required=True,
    example="csv",
)
HEADERS = Parameter(
    "headers",
    "表头的语言（csv、xlsx） / Language of the headings",
    {"type": "string", "enum": ["zh", "en"], "default": "zh"},
)
FROM_RELEASE = Parameter(
    "from",
    "从哪次发布起 / The number of the release that the reader has",
    {"type": "string", "pattern": r"^[1-9][0-9]{0,8}$"},
    required=True,
    example="1",
)
_DATED = Grammar(names=requested_view.VIEW | {"headers"})
_PINNED = Grammar(names=frozenset({"headers"}))
_DELTA = Grammar(names=frozenset({"from"}))
_NOTE = (
    "不限行数；支持断点续传（Range）与 gzip、zstd；Repr-Digest 为所传字节的 SHA-256。文字不会被当作公式。\n\n"
    "No row limit; ranges, gzip and zstd; Repr-Digest is the SHA-256 of the bytes sent (RFC 9530). "
    "No text in CSV or XLSX is run as a formula."
)
_PROBLEMS = (
    "no-such-dataset",
    "no-such-release",
    "no-such-file",
    "file-being-made",
    "too-busy",
    "too-many-requests",
)


class _State(msgspec.Struct, frozen=True):
    """A state whose files are requested, with the validity of all of them."""

    about: About
    validity: Validity


def _state(service: Service, name: str, view: View, lang: Lang = "zh") -> _State:
    about = write_state.describe_state(service.log, name, view, lang)
    named_at = service.site_details().changed_at
    validity = requested_view.validity(service, name, view).extended((), named_at)
    if view.release is not None:
        # Without the key of later changes: a record that was withdrawn later stays in a release's file.
        release = service.release(name, view.release)
        hidden = service.log.queries.fields_hidden_since(name, release)
        tokens = about.dataset.named_at, about.erased, *hidden
        validity = requested_view.pinned_validity(service, name, view.release, *tokens)
    return _State(
        about, structs.replace(validity, tokens=(*validity.tokens, *write_state.description_tokens(about)))
    )


def _form(call: Call) -> FileFormat:
    form = FILE_FORMATS.get(call.path["form"])
    if form is None:
        raise ProblemError("no-such-file")
    return form


def _check_headings(form: FileFormat, query: bytes) -> None:
    """Raise ``invalid-parameters`` for ``headers`` of a form without headings."""
    if not form.has_headings and any(name == "headers" for name, _ in query_parameters.pairs(query)):
        raise query_parameters.conflict(
            "headers", "只有 csv 与 xlsx 有表头的语言。", "Only csv and xlsx have headings in a language."
        )


def _form_validity(state: _State, form: FileFormat) -> Validity:
    """Return the validity of a file of this form, of which some contain the checkpoint, signed later."""
    if not form.has_checkpoint:
        return state.validity
    tokens = (*state.validity.tokens, state.about.checkpoint)
    return structs.replace(state.validity, tokens=tokens, decides=False)


def _key(name: str, form: FileFormat, view: View, validity: Validity) -> FileKey:
    return FileKey((name, form.name, view, *validity.tokens), form.suffix, permanent=validity.pinned)


def _reply(service: Service, name: str, form: FileFormat, view: View, lang: Lang) -> FileReply:
    state = _state(service, name, view, lang)
    about, validity = state.about, _form_validity(state, form)
    pinned = requested_view.view_query(requested_view.explicit_view(service, name, view))
    links = signposting.of_file(service.site.base, about.dataset, pinned, view.release)
    return FileReply(
        validity=validity,
        key=_key(name, form, view, validity),
        write=write_state.state_writer(service.log, about, form),
        compressible=form.compressible,
        headers={
            "link": signposting.header(links),
            "content-type": form.media_type,
            "content-disposition": disposition(
                f"{about.dataset.title} {about.state}.{form.suffix}", f"{name}.{form.suffix}"
            ),
        },
    )


def _get_file(service: Service, call: Call) -> FileReply:
    name, form = requested_view.dataset_name(call), _form(call)
    params = query_parameters.parse(call.query, _DATED)
    _check_headings(form, call.query)
    return _reply(service, name, form, params.view, params.headers)


def _get_release_file(service: Service, call: Call) -> FileReply:
    name, form = requested_view.dataset_name(call), _form(call)
    params = query_parameters.parse(call.query, _PINNED)
    _check_headings(form, call.query)
    return _reply(service, name, form, View(release=requested_view.release_number(call)), params.headers)


def _get_delta(service: Service, call: Call) -> FileReply:
    name = requested_view.dataset_name(call)
    before = query_parameters.parse(call.query, _DELTA).start
    if before is None or before.release is None:
        raise query_parameters.bad_value(
            "from",
            "请给出已下载的那次发布的编号，如 from=1。",
            "Give the number of the release that you have, such as from=1.",
        )
    after = View(release=requested_view.release_number(call))
    both = [_state(service, name, view) for view in (before, after)]
    tokens = tuple(token for state in both for token in state.validity.tokens)
    validity = structs.replace(both[1].validity, tokens=tokens)
    file = f"{name}-{before.release}-{after.release}.delta.jsonl"
    title = f"{both[1].about.dataset.title} {both[0].about.state}至{both[1].about.state}.delta.jsonl"
    return FileReply(
        validity=validity,
        key=FileKey((name, "delta", before, after, *tokens), "jsonl", permanent=False),
        write=write_state.delta_writer(service.log, name, before, after),
        compressible=True,
        headers={"content-type": "application/jsonl", "content-disposition": disposition(title, file)},
    )


def _get_site(service: Service, call: Call) -> FileReply:
    requested_view.refuse_parameters(call)
    sequence = service.log.queries.sequence(None)
    descriptions = tuple(
        write_state.description_tokens(write_state.describe_state(service.log, d.name, View()))
        for d in service.log.datasets.all()
    )
    validity = Validity((sequence, *descriptions, service.log.proofs.checkpoint()))
    return FileReply(
        validity=validity,
        key=FileKey(("site", *validity.tokens), "zip"),
        write=write_state.site_writer(service.log),
        compressible=False,
        headers={
            "content-type": "application/zip",
            "content-disposition": disposition("全站数据.zip", "site.zip"),
        },
    )


@route(
    Operation(
        name="list_files",
        path="/v1/datasets/{dataset}/releases/{number}/files",
        tag=TAG,
        summary="一次发布的文件",
        description="各种格式的地址，已生成的另有大小与 SHA-256。\n\n"
        "Addresses of every kind of file; size and SHA-256 of those that were made.",
        answer=answers.ReleaseFiles,
        parameters=(DATASET, NUMBER),
        problems=("no-such-dataset", "no-such-release"),
    )
)
def list_files(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    name, number = requested_view.dataset_name(call), requested_view.release_number(call)
    files, validity = release_files(service, name, number)
    return Reply(validity, lambda: files)


def release_files(service: Service, name: str, number: int) -> tuple[answers.ReleaseFiles, Validity]:
    """List the files of a release. Raises ``no-such-dataset``, ``no-such-release``."""
    files, validity = list_state_files(service, name, View(release=number))
    digests = tuple(file.sha256 for file in files)
    answer = answers.ReleaseFiles(dataset=name, release=number, files=files)
    # The list changes when files are generated, so it is not pinned, and the time is not recorded.
    return answer, Validity((*validity.tokens, *digests))


def list_state_files(
    service: Service, name: str, view: View
) -> tuple[tuple[answers.ReleaseFile, ...], Validity]:
    """List the files of a release or, without one, of the present, with the validity of their bytes.

    Raises ``no-such-dataset``, ``no-such-release``.
    """
    state = _state(service, name, view)
    home = f"/v1/datasets/{name}" + (f"/releases/{view.release}" if view.release is not None else "")

    def describe(form: FileFormat) -> answers.ReleaseFile:
        own = _form_validity(state, form)
        cached = service.files.find(_key(name, form, view, own))
        return answers.ReleaseFile(
            form=form.name,
            title=form.title,
            media_type=form.media_type,
            address=service.link(f"{home}/files/{form.name}"),
            sha256=cached.sha256 if cached else None,
            size=cached.size if cached else None,
        )

    return tuple(map(describe, FILE_FORMATS.values())), state.validity


def _operation(
    name: str, path: str, summary: str, intro: str, parameters: tuple[Parameter, ...]
) -> Operation:
    return Operation(
        name=name,
        path=path,
        tag=TAG,
        summary=summary,
        description=f"{intro}{_NOTE}",
        parameters=parameters,
        problems=_PROBLEMS if DATASET in parameters else ("file-being-made", "too-busy", "too-many-requests"),
        media_type=_ANY,
        also=tuple(dict.fromkeys(form.media_type for form in FILE_FORMATS.values())),
    )


_HOME = "/v1/datasets/{dataset}"
get_file = FileRoute(
    _operation(
        "get_file",
        _HOME + "/files/{form}",
        "一个状态的文件",
        "现行的，或 as_of、known_at、release 所指的状态。\n\n",
        (DATASET, FORM, *VIEW, HEADERS),
    ),
    _get_file,
)
get_release_file = FileRoute(
    _operation(
        "get_release_file",
        _HOME + "/releases/{number}/files/{form}",
        "一次发布的文件",
        "长期可下载，内容不随后续发布变化；依法删除的除外。\n\n",
        (DATASET, NUMBER, FORM, HEADERS),
    ),
    _get_release_file,
)
ROUTES: tuple[AnyRoute, ...] = (
    list_files,
    get_file,
    get_release_file,
    FileRoute(
        _operation(
            "get_delta",
            _HOME + "/releases/{number}/delta",
            "两次发布之间的增量",
            "JSON Lines：`op` 为 `put` 或 `remove`；用于 from 的 jsonl 即得此次的 jsonl。\n\n",
            (DATASET, NUMBER, FROM_RELEASE),
        ),
        _get_delta,
    ),
    FileRoute(
        _operation("get_site_package", "/v1/site.zip", "全站数据包", "各数据集最近一次发布。\n\n", ()),
        _get_site,
    ),
)
