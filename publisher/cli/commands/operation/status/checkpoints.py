"""The part of ``qingdan status`` about the log's checkpoints: signature, witnesses, reseal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from publisher.cli.context import print_reseal
from publisher.cli.terminal import output

if TYPE_CHECKING:
    from publisher.log.log import Log
    from publisher.settings import Settings

_SIGNED_WITHIN = timedelta(hours=1)
"""Age of an unsigned checkpoint from which on a warning is printed."""


def describe_checkpoint(log: Log, settings: Settings) -> Mapping[str, Any]:
    """Describe the newest checkpoint and its witnesses, and since when old releases are proved."""
    from publisher.notify.witnesses import read_witnesses

    keys = log.keys.all()
    reseal = log.proofs.reseal()
    witnesses = []
    for witness in read_witnesses(settings.witnesses):
        state = log.witnesses.state(witness.key)
        witnesses.append(
            {
                "name": witness.key.name,
                "entries": state.size,
                "cosigned_at": state.cosigned_at,
                "tried_at": state.tried_at,
                "error": state.error,
            }
        )
    return {
        "entries": log.proofs.size(),
        "key": str(keys[-1].key) if keys else None,
        "unsigned_since": log.proofs.unsigned_since(),
        "error": log.keys.last_error(),
        "witnesses": witnesses,
        "resealed": None if reseal is None else {"releases": reseal.releases, "at": reseal.at},
    }


def print_checkpoint(checkpoint: Mapping[str, Any]) -> None:
    """Print what :func:`describe_checkpoint` returns."""
    from publisher.log.clocks import utc_now

    since = checkpoint["unsigned_since"]
    state = "已签名 signed" if since is None else f"自 {since} 起尚未签名 not signed since then"
    if checkpoint["key"] is None:
        state = "没有密钥，请运行 qingdan key new / no key: run qingdan key new"
    output.print_pairs([("存证点 checkpoint", f"{checkpoint['entries']}个日志条目 entries, {state}")])
    for witness in checkpoint["witnesses"]:
        cosigned = f"{witness['entries']}个日志条目 entries, {witness['cosigned_at'] or '尚未见证 never'}"
        failure = f"; {witness['error']}" if witness["error"] else ""
        output.print_pairs([("见证 witness", f"{witness['name']}: {cosigned}{failure}")])
    if checkpoint["key"] is not None and isinstance(since, datetime) and utc_now() - since > _SIGNED_WITHIN:
        output.print_message(
            f"注意：存证点已超过一小时没有签名。{checkpoint['error']}",
            f"Warning: the checkpoint has not been signed for over an hour. {checkpoint['error']}",
        )
    if checkpoint["resealed"] is not None:
        print_reseal(**checkpoint["resealed"])
