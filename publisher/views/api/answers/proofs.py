"""Structs of entries of the log, keys and proofs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from publisher.views.api.answers.common import Answer, Instant

_HASHES = Meta(
    description="base64：相连的32字节哈希值，从叶到根（RFC 6962） / "
    "Hashes of 32 bytes in a row, from leaf to root"
)


class LogEntry(Answer, frozen=True, kw_only=True):
    """日志的一个条目及其存证证明。/ An entry of the log, and the proof that it is in it."""

    position: int
    kind: Annotated[
        str,
        Meta(description="`site`、`dataset`、`release`、`key`、`reseal`、`erasure`、`succession`、`audit`"),
    ]
    format: Annotated[int, Meta(description="所指文件的格式 / Format of its document")]
    digest: Annotated[str, Meta(description="所指文件的 SHA-256 / SHA-256 of its document")]
    appended_at: Instant
    leaf: Annotated[str, Meta(description="叶的哈希值 / Hash of the leaf")]
    size: Annotated[int, Meta(description="证明所指的条目数 / Entries in the tree of the proof")]
    root: Annotated[str, Meta(description="该树的根 / Root of that tree")]
    hashes: Annotated[str, _HASHES]
    checkpoint: Annotated[
        str | None, Meta(description="该树的存证点；尚未签名则空 / Signed note of that tree; null: not yet")
    ]
    document: Annotated[str, Meta(description="所指文件的地址 / Address of its document")]


class ConsistencyProof(Answer, frozen=True, kw_only=True):
    """证明日志只增不改。/ Proof that the log only grew from one size to another."""

    old_size: int
    new_size: int
    hashes: Annotated[str, _HASHES]


class LogKey(Answer, frozen=True, kw_only=True):
    """一个签名密钥。/ A key that signs checkpoints."""

    key: Annotated[str, Meta(description="C2SP 公钥：名称+标识+base64 / NAME+ID+BASE64 (signed-note)")]
    fingerprint: Annotated[str, Meta(description="公钥32字节的 SHA-256 / SHA-256 of the 32 bytes")]
    entry: Annotated[int, Meta(description="公告它的条目；此后的存证点由它签名 / Entry that announces it")]
    valid_from: Instant
    valid_to: Annotated[datetime | None, Meta(description="现用的为空（UTC） / null: in use")]
    previous_lost: Annotated[
        bool, Meta(description="前一密钥已丢失，没有签名 / The key before was lost and did not sign this one")
    ]


class LogKeys(Answer, frozen=True, kw_only=True):
    """存证点的签名密钥，旧的在前。/ The keys that sign checkpoints, oldest first."""

    origin: Annotated[str, Meta(description="日志的名称，即存证点首行 / Name of the log in its checkpoints")]
    keys: tuple[LogKey, ...]
