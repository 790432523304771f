"""Routes for verification by anybody: documents, manifests, entries, tiles, checkpoints."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from openapi.operation import Operation, Parameter
from publisher.log.proofs import EntryProof
from publisher.log.transparency.key_statements import SiteKey
from publisher.log.transparency.merkle_tree import TILE_WIDTH
from publisher.views.api import requested_view
from publisher.views.api.answers import proofs as answers
from publisher.views.api.answers.common import Json
from publisher.views.api.parameter_docs import DATASET, NUMBER
from publisher.views.exports.log_archive import log_archive_writer
from publisher.web.conditional_requests import Validity
from publisher.web.file_cache import FileKey
from publisher.web.problems import ProblemError
from publisher.web.range_download import disposition
from publisher.web.route import AnyRoute, Call, FileReply, FileRoute, Reply, Route, route
from publisher.web.service import Service

TAG = "proofs"
_NUMBER = r"0|[1-9][0-9]{0,14}"
_TILE_PLACES = 4
"""Segments of a tile's address after its level: enough for 10⁹ tiles."""
POSITION = Parameter(
    "position",
    "条目在日志中的位置，从0起 / Position of the entry in the log, from 0",
    {"type": "integer", "minimum": 0},
    where="path",
    required=True,
    example=0,
)
DIGEST = Parameter(
    "digest",
    "文件的 SHA-256，十六进制 / SHA-256 of the document, hexadecimal",
    {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    where="path",
    required=True,
)
_SIZES = tuple(
    Parameter(name, words, {"type": "integer", "minimum": 0}, where="path", required=True, example=example)
    for name, words, example in (
        ("old_size", "较早的条目数 / The smaller number of entries", 1),
        ("new_size", "较晚的条目数 / The larger number of entries", 2),
    )
)


@route(
    Operation(
        name="get_release_document",
        path="/v1/datasets/{dataset}/releases/{number}/document",
        tag=TAG,
        summary="一次发布的存证文件",
        description="规范 JSON（RFC 8785）：其 SHA-256 即日志条目所记的校验值。各项含义见 docs/proof.md。\n\n"
        "The document of a release in canonical JSON: the log's entry contains its SHA-256.",
        answer=dict[str, Json],
        parameters=(DATASET, NUMBER),
        problems=("no-such-dataset", "no-such-release"),
    )
)
def get_release_document(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    name, number = requested_view.dataset_name(call), requested_view.release_number(call)
    text = service.log.proofs.release_document(name, number)
    return Reply(requested_view.pinned_validity(service, name, number, text), text.encode)


def _get_manifest(service: Service, call: Call) -> FileReply:
    requested_view.refuse_parameters(call)
    name, number = requested_view.dataset_name(call), requested_view.release_number(call)
    text = service.log.proofs.release_document(name, number)

    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.writelines(service.log.proofs.manifest(name, number))

    validity = requested_view.pinned_validity(service, name, number, text)
    return FileReply(
        validity=validity,
        key=FileKey((name, "manifest", *validity.tokens), "jsonl", permanent=True),
        write=write,
        compressible=True,
        headers={
            "content-type": "application/jsonl",
            "content-disposition": disposition(f"{name} 第{number}次发布.manifest.jsonl", "manifest.jsonl"),
        },
    )


@route(
    Operation(
        name="get_log_entry",
        path="/log/entries/{position}",
        tag=TAG,
        summary="日志的一个条目",
        description="条目与它在日志中的存证证明：已有存证点的，为首个含有它的存证点。\n\n"
        "The entry and its inclusion proof, in the first signed checkpoint that covers it if there is one.",
        answer=answers.LogEntry,
        parameters=(POSITION,),
        problems=("no-such-entry",),
    )
)
def get_entry(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    proof = service.log.proofs.entry(_number(call, "position"))
    return Reply(Validity((proof.size, proof.root, proof.note)), lambda: entry_answer(service, proof))


def entry_answer(service: Service, proof: EntryProof) -> answers.LogEntry:
    return answers.LogEntry(
        position=proof.position,
        kind=proof.entry.kind,
        format=proof.entry.format,
        digest=proof.entry.digest,
        appended_at=proof.appended_at,
        leaf=proof.leaf,
        size=proof.size,
        root=proof.root,
        hashes=_encode(proof.hashes),
        checkpoint=proof.note,
        document=service.link(f"/log/documents/{proof.entry.digest}"),
    )


@route(
    Operation(
        name="get_consistency_proof",
        path="/log/consistency/{old_size}/{new_size}",
        tag=TAG,
        summary="日志只增不改的证明",
        description="证明有 new_size 个条目的日志以有 old_size 个条目的日志开头（RFC 6962）。\n\n"
        "Proves that the log of new_size entries begins with the log of old_size entries.",
        answer=answers.ConsistencyProof,
        parameters=_SIZES,
        problems=("no-such-entry",),
    )
)
def get_consistency_proof(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    old, new = _number(call, "old_size"), _number(call, "new_size")
    hashes = service.log.proofs.consistency(old, new)
    answer = answers.ConsistencyProof(old_size=old, new_size=new, hashes=_encode(hashes))
    return Reply(Validity((hashes,), immutable=True), lambda: answer)


@route(
    Operation(
        name="get_log_document",
        path="/log/documents/{digest}",
        tag=TAG,
        summary="条目所指的文件",
        description="按校验值取条目所指的文件；密钥公告为签名文本，其余为规范 JSON。\n\n"
        "The document of an entry by its SHA-256: a signed note for a key, else canonical JSON.",
        parameters=(DIGEST,),
        problems=("no-such-entry", "document-destroyed"),
        media_type="application/octet-stream",
    )
)
def get_document(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    digest = call.path["digest"]
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ProblemError("no-such-entry")
    text = service.log.proofs.document(digest)
    if text is None:
        raise ProblemError("document-destroyed")
    # Not immutable: a document of a site, a dataset or an erasure may have to be destroyed by law.
    return Reply(Validity((digest,)), text.encode)


def _get_tile(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    places = [call.path[f"place{n}"] for n in range(_TILE_PLACES) if f"place{n}" in call.path]
    number, width = parse_tile_address(places)
    level = call.path["level"]
    if level == "entries":
        data = service.log.proofs.entry_bundle(number, width)
    elif re.fullmatch(r"[0-9]|[1-5][0-9]|6[0-3]", level):
        data = service.log.proofs.tile(int(level), number, width)
    else:
        raise ProblemError("no-such-entry")
    return Reply(Validity((data,), immutable=width == TILE_WIDTH), lambda: data)


def parse_tile_address(places: list[str]) -> tuple[int, int]:
    """Parse ``x001/x234/067`` or ``x001/x234/067.p/8`` of C2SP tlog-tiles → number and width.

    Raises ``no-such-entry``.
    """
    width = str(TILE_WIDTH)
    if len(places) > 1 and places[-2].endswith(".p"):
        width = places[-1]
        places = [*places[:-2], places[-2].removesuffix(".p")]
    digits = [place.removeprefix("x") for place in places]
    canonical = [f"x{d}" for d in digits[:-1]] + digits[-1:]
    leading_zeros = len(digits) > 1 and digits[0] == "000"
    if canonical != places or leading_zeros or not all(re.fullmatch(r"[0-9]{3}", d) for d in digits):
        raise ProblemError("no-such-entry")
    if not re.fullmatch(r"[1-9][0-9]{0,2}", width) or int(width) > TILE_WIDTH:
        raise ProblemError("no-such-entry")
    return int("".join(digits)), int(width)


def _get_checkpoint(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    note = service.log.proofs.checkpoint()
    if note is None:
        raise ProblemError("no-such-entry", "本站还没有签名的存证点。", "There is no signed checkpoint yet.")
    return Reply(Validity((note,)), note.encode)


@route(
    Operation(
        name="get_log_keys",
        path="/log/keys.json",
        tag=TAG,
        summary="存证点的签名密钥",
        description="签名密钥及其起止时间，旧的在前；请从本站以外的地方核对第一个密钥。\n\n"
        "The keys that sign checkpoints, oldest first. Compare the first one with a copy from elsewhere.",
        answer=answers.LogKeys,
    )
)
def get_keys(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    origin, keys = service.log.proofs.origin(), service.log.keys.all()

    def build() -> answers.LogKeys:
        return answers.LogKeys(origin=origin, keys=tuple(map(_key, keys)))

    return Reply(Validity((origin, keys)), build)


def _key(key: SiteKey) -> answers.LogKey:
    return answers.LogKey(
        key=str(key.key),
        fingerprint=hashlib.sha256(key.key.public).hexdigest(),
        entry=key.position,
        valid_from=key.valid_from,
        valid_to=key.valid_to,
        previous_lost=key.lost,
    )


def _get_archive(service: Service, call: Call) -> FileReply:
    requested_view.refuse_parameters(call)
    # New entries, erasures and new signatures change the archive.
    tokens = (
        service.log.proofs.size(),
        service.log.queries.sequence(None),
        service.log.proofs.checkpoint(),
        service.shows_actor,
    )
    return FileReply(
        validity=Validity(tokens),
        key=FileKey(("log", *tokens), "zip"),
        write=log_archive_writer(service.log, with_actors=service.shows_actor),
        compressible=False,
        headers={
            "content-type": "application/zip",
            "content-disposition": disposition("存证档案.zip", "log.zip"),
        },
    )


def _number(call: Call, name: str) -> int:
    if not re.fullmatch(_NUMBER, call.path[name]):
        raise ProblemError("no-such-entry")
    return int(call.path[name])


def _encode(hashes: tuple[bytes, ...]) -> str:
    return base64.b64encode(b"".join(hashes)).decode()


def _static(path: str, media_type: str) -> Operation:
    """Describe an address that another specification defines: not part of the contract."""
    return Operation(name=f"log:{path}", path=path, tag="", summary="", description="", media_type=media_type)


STATIC: tuple[Route, ...] = (
    Route(_static("/log/checkpoint", "text/plain; charset=utf-8"), _get_checkpoint),
    *(
        Route(_static(f"/log/tile/{{level}}/{places}", "application/octet-stream"), _get_tile)
        for count in range(1, _TILE_PLACES + 1)
        if (places := "/".join(f"{{place{n}}}" for n in range(count)))
    ),
)
"""Addresses of C2SP tlog-tiles."""
ROUTES: tuple[AnyRoute, ...] = (
    get_release_document,
    FileRoute(
        Operation(
            name="get_release_manifest",
            path="/v1/datasets/{dataset}/releases/{number}/manifest",
            tag=TAG,
            summary="一次发布的变化清单",
            description="JSON Lines，每个变化一行；其 SHA-256 在存证文件中。各项含义见 docs/proof.md。\n\n"
            "JSON Lines, one for each change; the document of the release contains its SHA-256.",
            parameters=(DATASET, NUMBER),
            problems=(
                "no-such-dataset",
                "no-such-release",
                "file-being-made",
                "too-busy",
                "too-many-requests",
            ),
            media_type="application/jsonl",
        ),
        _get_manifest,
    ),
    FileRoute(
        Operation(
            name="get_log_archive",
            path="/v1/log.zip",
            tag=TAG,
            summary="存证档案",
            description="全部条目、存证文件、变化清单、修订版和盐，供 verify.py 离线核验。\n\n"
            "Every entry, document, manifest and revision with its salt, for verify.py, offline.",
            problems=("file-being-made", "too-busy", "too-many-requests"),
            media_type="application/zip",
        ),
        _get_archive,
    ),
    get_keys,
    get_entry,
    get_consistency_proof,
    get_document,
)
