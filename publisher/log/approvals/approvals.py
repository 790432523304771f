"""Submission to a second person, approval and return."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, select, update

from publisher.log import registry
from publisher.log.approvals import shown_state
from publisher.log.approvals.shown_state import ShownState
from publisher.log.approvals.submission import (
    OPEN,
    WAITING,
    PublicationRequest,
    Secrecy,
    StoredRequest,
    Submission,
    SubmissionState,
    decode,
    encode,
)
from publisher.log.approvals.submission_digest import compute_digest
from publisher.log.canonical_json import new_salt
from publisher.log.clocks import micros, moment
from publisher.log.database import tables as t
from publisher.log.database.connection import inserted_key
from publisher.log.database.storable_text import storable
from publisher.log.model import LogError
from publisher.log.session import Session

_c = t.submission.c
_NO_KEY = 1 << 63


class Approvals:
    """``log.approvals``: submission, approval of exactly what was submitted, and return."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def shown_state(
        self, dataset: str, *, with_draft: bool = False, parts: Sequence[str] | None = None
    ) -> ShownState:
        """Read the state that a person is shown before an act, which refuses what was published since.

        ``with_draft``: the act publishes the draft, or ``parts`` of it.
        """
        with self._session.read() as conn:
            row, today = registry.dataset_row(conn, dataset), self._session.today()
            state = shown_state.read_state(conn, row, today)
            draft = shown_state.draft_digest(conn, row, parts, today) if with_draft else None
            return structs.replace(state, draft=draft)

    def submit(
        self, dataset: str, request: PublicationRequest, *, drafter: str, secrecy: Secrecy | None = None
    ) -> Submission:
        """Submit a request. It replaces an earlier one that is not published, of the same kind and object.

        The object is the parts of a draft, the records of an amendment, or the release that is cancelled.

        Raises ``LogError``: ``no-draft``, ``not-for-the-public`` (its 公开属性 is not 主动公开),
        ``drafter-missing``.
        """
        secrecy = secrecy or Secrecy()
        if secrecy.openness != OPEN:
            raise LogError(
                "not-for-the-public",
                f"公开属性为“{secrecy.openness}”的内容不能发布，只能留在草稿中。",
                f"Content whose 公开属性 is {secrecy.openness!r} stays in the draft.",
            )
        if not drafter.strip():
            raise LogError("drafter-missing", "没有写明填报人。", "The drafter is blank.")
        with self._session.write() as conn:
            row = registry.dataset_row(conn, dataset)
            stored = StoredRequest(request, secrecy, new_salt().hex())
            digest = compute_digest(conn, row, stored, self._session.today())
            self._replace_earlier(conn, row.key, request)
            key = inserted_key(
                conn.execute(
                    t.submission.insert().values(
                        dataset=row.key,
                        kind=request.kind,
                        request=encode(stored),
                        digest=digest,
                        drafter=storable(drafter.strip()),
                        submitted_at=micros(self._session.clock()),
                        state="submitted",
                        reviewer="",
                        reason="",
                    )
                )
            )
            return self._get(conn, key)

    def get(self, key: int) -> Submission:
        """Raises ``LogError('no-such-submission')``."""
        with self._session.read() as conn:
            return self._get(conn, key)

    def list(
        self, dataset: str | None = None, states: Sequence[SubmissionState] = WAITING
    ) -> Sequence[Submission]:
        """List submissions, those that wait longest first."""
        query = select(t.submission).where(_c.state.in_(states)).order_by(_c.submitted_at, _c.key)
        with self._session.read() as conn:
            if dataset is not None:
                query = query.where(_c.dataset == registry.dataset_row(conn, dataset).key)
            return [_submission(conn, row, self._session.today()) for row in conn.execute(query).all()]

    def approve(self, key: int, *, digest: str, reviewer: str) -> Submission:
        """Approve exactly what has this digest. A second approval changes nothing.

        Raises ``LogError``: ``no-such-submission``, ``digest-moved``, ``same-person``,
        ``submission-decided``.
        """
        with self._session.write() as conn:
            one = self._get(conn, key)
            if one.state == "approved" and one.reviewer == reviewer and one.digest == digest:
                return one
            _require_undecided(one, ("submitted",))
            if digest != one.digest or not one.is_current:
                raise LogError(
                    "digest-moved",
                    "提交之后内容有变化，与所看的不同。请看新的内容，由填报人重新提交。",
                    "The content changed after it was submitted and is not what was shown. The "
                    "drafter has to submit it again.",
                )
            if reviewer.strip() in ("", one.drafter):
                raise LogError(
                    "same-person", "填报人不能审核自己的内容。", "A drafter does not approve his own work."
                )
            self._decide(conn, key, "approved", reviewer, "")
            return self._get(conn, key)

    def return_(self, key: int, *, reviewer: str, reason: str) -> Submission:
        """Send a submission back. Raises ``LogError``: ``no-such-submission``, ``submission-decided``,
        ``reason-missing``."""
        if not reason.strip():
            raise LogError("reason-missing", "请写明退回的理由。", "State why it is returned.")
        with self._session.write() as conn:
            _require_undecided(self._get(conn, key), WAITING)
            self._decide(conn, key, "returned", reviewer, reason.strip())
            return self._get(conn, key)

    def cancel(self, key: int, *, drafter: str) -> Submission:
        """Cancel a submission by its drafter. The draft stays as it is.

        Raises ``LogError``: ``no-such-submission``, ``not-the-drafter``, ``submission-decided``.
        """
        with self._session.write() as conn:
            one = self._get(conn, key)
            if one.drafter != drafter.strip():
                raise LogError(
                    "not-the-drafter", "只有填报人能取消提交。", "Only its drafter cancels a submission."
                )
            _require_undecided(one, WAITING)
            self._decide(conn, key, "cancelled", one.reviewer, "")
            return self._get(conn, key)

    def _get(self, conn: Connection, key: int) -> Submission:
        is_key = abs(key) < _NO_KEY  # a larger number is an error in both databases
        row = conn.execute(select(t.submission).where(_c.key == key)).first() if is_key else None
        if row is None:
            raise LogError("no-such-submission", f"没有提交 {key}。", f"There is no submission {key}.")
        return _submission(conn, row, self._session.today())

    def _replace_earlier(self, conn: Connection, dataset: int, request: PublicationRequest) -> None:
        query = select(t.submission).where(
            _c.dataset == dataset, _c.kind == request.kind, _c.state.in_(WAITING)
        )
        for row in conn.execute(query).all():
            own = decode(row.request).request
            if _object(conn, dataset, own) == _object(conn, dataset, request):
                conn.execute(update(t.submission).where(_c.key == row.key).values(state="replaced"))

    def _decide(self, conn: Connection, key: int, state: SubmissionState, reviewer: str, reason: str) -> None:
        conn.execute(
            update(t.submission)
            .where(_c.key == key)
            .values(
                state=state,
                reviewer=storable(reviewer.strip()),
                reason=storable(reason),
                decided_at=micros(self._session.clock()),
            )
        )


def _object(conn: Connection, dataset: int, request: PublicationRequest) -> tuple[object, ...]:
    """Return what a request is about. A part that was renamed or merged meanwhile is the same one."""
    keys = None if request.parts is None else {registry.part_key(conn, dataset, one) for one in request.parts}
    return keys, sorted(request.records), request.release


def _require_undecided(one: Submission, states: Sequence[SubmissionState]) -> None:
    if one.state not in states:
        raise LogError(
            "submission-decided",
            "这次提交已有结果，或已被新的提交取代。",
            "The submission has its outcome, or a newer one replaced it.",
        )


def _submission(conn: Connection, row: Any, today: date) -> Submission:
    name = conn.scalar(select(t.dataset.c.name).where(t.dataset.c.key == row.dataset)) or ""
    stored = decode(row.request)
    return Submission(
        key=row.key,
        dataset=name,
        request=stored.request,
        secrecy=stored.secrecy,
        digest=row.digest,
        drafter=row.drafter,
        submitted_at=moment(row.submitted_at),
        state=row.state,
        reviewer=row.reviewer,
        decided_at=None if row.decided_at is None else moment(row.decided_at),
        reason=row.reason,
        is_current=_is_current(conn, name, row, stored, today),
    )


def _is_current(conn: Connection, dataset: str, row: Any, stored: StoredRequest, today: date) -> bool:
    if row.state not in WAITING:
        return False
    try:
        now = compute_digest(conn, registry.dataset_row(conn, dataset), stored, today)
    except LogError:  # the draft was discarded
        return False
    return bool(now == row.digest)
