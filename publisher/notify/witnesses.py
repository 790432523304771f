"""Requests to witnesses (C2SP tlog-witness): each is asked to cosign the newest signed checkpoint.

A witness has a task of its own, outside any publication: one that is slow or dead delays nobody. The operator
of the site chooses the witnesses, so requests to them are not guarded.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from importlib import metadata

import anyio
import httpx
import msgspec
from anyio import to_thread

from publisher.failure_lines import log_failure
from publisher.log.log import Log
from publisher.log.model import LogError
from publisher.log.transparency.checkpoint_text import signed_checkpoint
from publisher.log.transparency.signed_note import COSIGNATURE, NoteError, VerifierKey
from publisher.log.transparency.witness_protocol import AddCheckpoint
from publisher.settings import WitnessAddress

_SECONDS = 15.0
"""Seconds for a whole exchange."""
_MOST_BYTES = 64 * 1024
"""Bytes of an answer; a cosignature has some hundred."""
_LONGEST_PAUSE = 600.0
"""Seconds between two attempts, at most: each failure doubles the pause."""
_SIZE = re.compile(r"[0-9]{1,18}")
logger = logging.getLogger(__name__)


class WitnessError(Exception):
    """A witness did not cosign."""


class SiteWitness(msgspec.Struct, frozen=True):
    """A witness of this site's log."""

    url: str
    key: VerifierKey


def read_witnesses(addresses: Sequence[WitnessAddress]) -> tuple[SiteWitness, ...]:
    """Parse the keys of witnesses. Raises ``LogError('bad-witness')``."""
    witnesses = []
    for address in addresses:
        try:
            witnesses.append(SiteWitness(address.url, VerifierKey.parse(address.key, COSIGNATURE)))
        except NoteError as error:
            raise LogError(
                "bad-witness",
                f"QINGDAN_WITNESSES 中的公钥无效：{address.key}（{error}）。",
                f"A key in QINGDAN_WITNESSES is not valid: {address.key} ({error}).",
            ) from error
    return tuple(witnesses)


async def run_witness_requests(log: Log, witness: SiteWitness, *, poll: float = 2.0) -> None:
    """Have each new checkpoint cosigned until cancelled. A failure is stored, and tried again later."""
    pause = poll
    while True:
        try:
            await to_thread.run_sync(request_cosignature, log, witness)
            pause = poll
        except WitnessError as error:
            logger.warning("witness %s: %s", witness.key.name, error)
            pause = min(pause * 2, _LONGEST_PAUSE)
        except Exception as error:  # noqa: BLE001 - the database is away, for example
            log_failure(logger, f"witness {witness.key.name}", error)
            pause = min(pause * 2, _LONGEST_PAUSE)
        await anyio.sleep(pause)


def request_cosignature(log: Log, witness: SiteWitness) -> bool:
    """Ask a witness to cosign the newest signed checkpoint, unless it has. → if it did.

    Raises :class:`WitnessError`, which is stored for ``qingdan status``.
    """
    request = log.witnesses.request(witness.key)
    if request is None:
        return False
    try:
        _exchange(log, witness, request)
    except (WitnessError, NoteError, httpx.HTTPError, httpx.InvalidURL) as error:
        is_plain = isinstance(error, WitnessError | NoteError)
        reason = str(error) if is_plain else f"{type(error).__name__}: {error}"
        log.witnesses.record_attempt(witness.key, reason)
        raise WitnessError(reason) from error
    return True


def _exchange(log: Log, witness: SiteWitness, request: AddCheckpoint) -> None:
    """Send a request and store the cosignature.

    A witness that cosigned another size than we know answers 409 with that size: the request is sent once
    more, with a proof from there. Raises :class:`WitnessError`.
    """
    status, answer = _post(witness, request)
    if status == httpx.codes.CONFLICT and _SIZE.fullmatch(answer.strip()):
        size = int(answer)
        again = log.witnesses.request(witness.key, size)
        newest = 0 if again is None else signed_checkpoint(again.note).size
        if again is None or size > newest or size == request.old_size:
            raise WitnessError(
                f"见证方记得{size}个日志条目，与本站不符 / "
                f"it has cosigned {size} entries, which are not those of this log"
            )
        request = again
        status, answer = _post(witness, request)
    if status != httpx.codes.OK:
        raise WitnessError(f"HTTP {status}: {answer[:200].strip()}")
    log.witnesses.accept(witness.key, request, answer)


def _post(witness: SiteWitness, request: AddCheckpoint) -> tuple[int, str]:
    """Send a request; return the status and the text of the answer. Raises :class:`WitnessError`."""
    agent = f"Qingdan/{metadata.version('qingdan')} (witness requests)"
    deadline, address = time.monotonic() + _SECONDS, f"{witness.url}/add-checkpoint"
    headers = {"user-agent": agent, "accept-encoding": "identity", "content-type": "text/plain"}
    with (
        httpx.Client(timeout=_SECONDS) as client,
        client.stream("POST", address, content=request.encode(), headers=headers) as response,
    ):
        answer = b""
        for piece in response.iter_raw():  # not decompressed, which could be of any size
            answer += piece
            if len(answer) > _MOST_BYTES or time.monotonic() > deadline:
                raise WitnessError("回复太长或太慢 / the answer is too long or too slow")
    return response.status_code, answer.decode(errors="replace")
