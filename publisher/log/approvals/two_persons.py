"""The two-person rule: a dataset under it publishes what another person approved, or states an emergency."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import ColumnElement, Connection, Select, or_, select, update

from publisher.log import registry
from publisher.log.approvals.submission import WAITING, PublicationRequest, decode, encode
from publisher.log.approvals.submission_digest import compute_digest
from publisher.log.canonical_json import new_salt, value_hash
from publisher.log.clocks import micros
from publisher.log.database import tables as t
from publisher.log.database.connection import among, contains
from publisher.log.database.storable_text import storable
from publisher.log.model import LogError
from publisher.log.registry import DatasetRow

DRAFTER, REVIEWER, PUBLISHER, SECRECY = "填报", "审核", "发布", "保密审查"
_c = t.submission.c


class Authority(msgspec.Struct, frozen=True):
    """Why a release may be published: the column ``release.approval``, and the submission to settle."""

    text: str
    submission: int | None


def authorise(
    conn: Connection,
    dataset: DatasetRow,
    request: PublicationRequest | None,
    *,
    publisher: str,
    emergency: str,
    today: date,
    submission: int | None = None,
) -> Authority | None:
    """Return the authority of a release; None if nobody approved it and the dataset is not under the rule.

    ``request``: None for an act that cannot be submitted. ``submission``: key of the one that is published,
    which has to be approved whatever the rule; without it, any approval of the same request will do. With it
    ``request`` is not compared: the caller passes what the submission states.
    Raises ``LogError``: ``approval-needed``, ``approval-void`` (the content changed since).
    """
    is_required = registry.dataset(conn, dataset.name).two_persons
    if is_required and emergency.strip():
        return Authority(_encode("", storable(emergency.strip()), None, [(PUBLISHER, publisher)]), None)
    approved = () if request is None else _find_approved(conn, dataset, request, submission)
    for row in approved:
        stored = decode(row.request)
        if compute_digest(conn, dataset, stored, today) == row.digest:
            secrecy = stored.secrecy
            people = [(DRAFTER, row.drafter), (REVIEWER, row.reviewer), (PUBLISHER, publisher)]
            people += [(SECRECY, secrecy.reviewed_by)] if secrecy.reviewed_by else []
            day = secrecy.reviewed_on.isoformat() if secrecy.reviewed_on else None
            return Authority(_encode(row.digest, None, day, people), row.key)
    if not is_required and submission is None:
        return None
    if submission is not None and not approved:
        raise LogError("approval-needed", "这次提交尚未审核。", "The submission is not approved.")
    raise _refusal(dataset.name, is_void=bool(approved))


def settle(conn: Connection, authority: Authority | None, release: int) -> None:
    """Record the release of a submission."""
    if authority is not None and authority.submission is not None:
        conn.execute(
            update(t.submission)
            .where(_c.key == authority.submission)
            .values(state="published", release=release)
        )


def destroy_contents(
    conn: Connection, dataset: int, records: Collection[str], releases: Collection[int]
) -> None:
    """Destroy the contents that submissions propose for records. Those that wait are void from then on.

    The salt is destroyed too: in each submission that changes, in those of ``releases``, and in all that
    ended without a release.
    """
    query = select(_c.key, _c.request, _c.release, _c.state).where(_c.dataset == dataset)
    for row in conn.execute(query).all():
        stored = decode(row.request)
        own = stored.request.records
        remaining = {one: {} if one in records else content for one, content in own.items()}
        has_ended = row.release in releases or (row.release is None and row.state not in WAITING)
        if remaining != own or (has_ended and stored.salt):
            request = structs.replace(stored.request, records=remaining)
            text = encode(structs.replace(stored, request=request, salt=""))
            conn.execute(update(t.submission).where(_c.key == row.key).values(request=text))


def releases_of(conn: Connection, actor: str) -> Select[tuple[int]]:
    """Select the sequences of the releases whose submission names a person. ``actor``: storable."""
    return select(_c.release).where(_c.release.is_not(None), _names(conn, actor))


def unpublished_of(conn: Connection, actor: str) -> Sequence[int]:
    """List the keys of the submissions without a release that name a person. ``actor``: storable."""
    query = select(_c.key).where(_c.release.is_(None), _names(conn, actor))
    return conn.scalars(query.order_by(_c.key)).all()


def _names(conn: Connection, actor: str) -> ColumnElement[bool]:
    reviewed = contains(conn, _c.request, msgspec.json.encode({"reviewed_by": actor}).decode()[1:-1])
    return or_(_c.drafter == actor, _c.reviewer == actor, reviewed)


def destroy_names(conn: Connection, releases: Sequence[int], now: datetime) -> int:
    """Destroy the names in the submissions of releases. → how many had one."""
    return len(_destroy_names(conn, among(conn, _c.release, releases), now))


def destroy_unpublished_names(conn: Connection, keys: Sequence[int], now: datetime) -> int:
    """Destroy the names in submissions. Those that wait are cancelled: nobody knows the two persons any more.

    The draft stays. → how many had one.
    """
    return len(_destroy_names(conn, among(conn, _c.key, keys), now))


def destroy_names_again(conn: Connection, digests: Sequence[str], now: datetime) -> Sequence[str]:
    """Destroy the names in the submissions with these digests, as before. → the digests of those with one."""
    return _destroy_names(conn, among(conn, _c.digest, digests), now)


def _destroy_names(conn: Connection, which: ColumnElement[bool], now: datetime) -> Sequence[str]:
    rows = conn.execute(select(t.submission).where(which, _c.drafter != "").order_by(_c.key)).all()
    for row in rows:
        stored = decode(row.request)
        secrecy = structs.replace(stored.secrecy, reviewed_by="")
        # Without the salt nobody can guess the name from the digest, which is published.
        request = encode(structs.replace(stored, secrecy=secrecy, salt=""))
        own: dict[str, Any] = {"drafter": "", "reviewer": "", "request": request}
        if row.state in WAITING:
            own |= {"state": "cancelled", "decided_at": micros(now)}
        conn.execute(update(t.submission).where(_c.key == row.key).values(own))
    if rows:
        conn.execute(update(t.site).values(scrub_pending=True))
    return [row.digest for row in rows]


def _find_approved(
    conn: Connection, dataset: DatasetRow, request: PublicationRequest, submission: int | None
) -> Sequence[Any]:
    """List approved submissions of the same request, the newest first; or the one with a key."""
    query = select(t.submission).where(_c.dataset == dataset.key, _c.state == "approved")
    if submission is not None:
        return conn.execute(query.where(_c.key == submission)).all()
    rows = conn.execute(query.order_by(_c.key.desc())).all()
    return [row for row in rows if decode(row.request).request == request]


def _encode(
    digest: str, emergency: str | None, secrecy_on: str | None, people: Sequence[tuple[str, str]]
) -> str:
    return msgspec.json.encode(
        {
            "digest": digest,
            "emergency": emergency,
            "secrecy_reviewed_on": secrecy_on,
            "people": [
                {"role": role, "name": storable(name), "salt": new_salt().hex()} for role, name in people
            ],
        }
    ).decode()


def _refusal(dataset: str, *, is_void: bool) -> LogError:
    if is_void:
        return LogError(
            "approval-void",
            "审核之后内容又有变化，原审核已失效，未发布。请重新提交审核。",
            "Not published: the content changed after its approval, which is void. Submit it again.",
        )
    return LogError(
        "approval-needed",
        f"数据集“{dataset}”须经另一人审核，未发布；草稿保留。请在工作台提交审核。",
        f"Not published: {dataset} needs the approval of a second person, and the draft stays. Submit it at "
        "the desk.",
    )


def public_approval(text: str | None) -> Mapping[str, Any] | None:
    """Return what the document of a release says of its approval: roles, and salted hashes of the names."""
    if text is None:
        return None
    stored = msgspec.json.decode(text)
    people = [
        {
            "role": person["role"],
            "commitment": person.get("commitment")
            or value_hash(bytes.fromhex(person["salt"]), person["name"]),
        }
        for person in stored["people"]
    ]
    return {**stored, "people": people}


def without_names(text: str) -> str:
    """Replace names by their salted hashes, which nobody can check any more."""
    return msgspec.json.encode(public_approval(text)).decode()
