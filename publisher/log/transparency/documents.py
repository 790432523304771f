"""Documents of entries, format 2: canonical JSON (RFC 8785). ``docs/proof.md`` describes every property.

A document with words that a law may order to be erased (of a site, a dataset or an erasure) contains a random
``salt``, so that its digest reveals nothing once the document is destroyed. A release has salted hashes
instead, which nobody can check once the salt is destroyed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from publisher.log.canonical_json import new_salt
from publisher.log.clocks import FOREVER, moment
from publisher.log.transparency.entries import FORMAT, Kind

type Document = dict[str, Any]


def site_document(
    site: str, *, base: str, details: Mapping[str, str], changed_at: int, previous: str | None
) -> Document:
    own = {"base": base, "details": dict(details), "changed_at": instant(changed_at), "previous": previous}
    return _document("site", site, {**own, "salt": new_salt().hex()})


def dataset_document(
    site: str,
    *,
    dataset: str,
    catalogue: Mapping[str, str],
    details: Mapping[str, Any],
    parts: Sequence[Mapping[str, Any]],
    created_at: int,
    changed_at: int,
    previous: str | None,
) -> Document:
    """``catalogue``: name and digest; ``parts``: rows with ``merged_into`` by the declared name."""
    return _document(
        "dataset",
        site,
        {
            "dataset": dataset,
            "catalogue": dict(catalogue),
            "details": dict(details),
            "parts": [dict(part) for part in parts],
            "created_at": instant(created_at),
            "changed_at": instant(changed_at),
            "previous": previous,
            "salt": new_salt().hex(),
        },
    )


def release_document(site: str, **own: Any) -> Document:
    """``own``: the properties that ``docs/proof.md`` lists; :mod:`publisher.log.releases` fills them."""
    return _document("release", site, own)


def reseal_document(
    site: str, *, head: str, sequence: int, size: int, root: str, resealed_at: int
) -> Document:
    """Name the end of the chain of format 1, and the tree of all documents that replace it."""
    own = {"head": head, "sequence": sequence, "size": size, "root": root}
    return _document("reseal", site, {**own, "resealed_at": instant(resealed_at)})


def succession_document(
    site: str,
    *,
    origin: str,
    checkpoint: Mapping[str, Any],
    size: int,
    sequence: int,
    change: int,
    besides: int,
    reason: str,
    succeeded_at: int,
) -> Document:
    """Begin a log that continues another after entries were lost.

    ``origin``: name of the log before; ``checkpoint``: ``size``, ``root`` and ``note`` of its last known
    checkpoint; ``size``, ``sequence`` and ``change``: entries that are left, their last release and change;
    ``besides``: entries of other logs of the site that are lost too.
    """
    own = {"origin": origin, "checkpoint": dict(checkpoint), "size": size, "sequence": sequence}
    own |= {
        "change": change,
        "lost": max(0, checkpoint["size"] - size) + besides,
        "reason": reason,
        "succeeded_at": instant(succeeded_at),
    }
    return _document("succession", site, {**own, "salt": new_salt().hex()})


def erasure_document(
    site: str,
    *,
    releases: Sequence[int],
    ground: str,
    erased_at: int,
) -> Document:
    """Say what was destroyed besides records: names of clerks in releases (sequences)."""
    own = {"property": "actor", "releases": list(releases), "documents": []}
    when = {"ground": ground, "erased_at": instant(erased_at), "salt": new_salt().hex()}
    return _document("erasure", site, {**own, **when})


def key_statement(
    site: str, *, origin: str, key: str, previous: str | None, lost: bool, valid_from: int
) -> Document:
    """Announce the key that signs from this entry on. ``lost``: the key before cannot sign any more."""
    own = {"origin": origin, "key": key, "previous": previous, "lost": lost}
    return _document("key", site, {**own, "valid_from": instant(valid_from)})


def audit_document(site: str, *, size: int, line_hash: str, noted_at: int) -> Document:
    """State the last line of the desk's audit log: its number and its SHA-256."""
    return _document("audit", site, {"size": size, "hash": line_hash, "noted_at": instant(noted_at)})


def _document(kind: Kind, site: str, own: Mapping[str, Any]) -> Document:
    return {"format": FORMAT, "kind": kind, "site": site, **own}


def instant(micros: int) -> str:
    """RFC 3339 in UTC, always with six decimals."""
    return moment(micros).isoformat(timespec="microseconds").replace("+00:00", "Z")


def day(ordinal: int | None) -> str | None:
    """ISO 8601; None is an open end."""
    return None if ordinal is None or ordinal >= FOREVER else date.fromordinal(ordinal).isoformat()
