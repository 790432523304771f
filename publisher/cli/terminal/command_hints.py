"""Commands and options that resolve an error. Messages of the log contain none: the desk shows them too."""

from __future__ import annotations

from collections.abc import Mapping

HINTS: Mapping[str, tuple[str, str]] = {
    "already-in-effect": ("qingdan correct、withdraw", "qingdan correct, withdraw"),
    "approval-needed": ("紧急时写明理由：--emergency", "in an emergency, with its reason: --emergency"),
    "cannot-annotate": ("--json", "--json"),
    "conflicts": ("查看：qingdan draft diff DATASET", "to list them: qingdan draft diff DATASET"),
    "identity-changed": ("qingdan rename", "qingdan rename"),
    "later-effect": (
        "保留：--keep-later；取代：--replace-later",
        "to keep it: --keep-later; to replace it: --replace-later",
    ),
    "many-removed": ("只报送一部分：qingdan import --partial", "a share only: qingdan import --partial"),
    "migration-needed": ("qingdan dataset migrate", "qingdan dataset migrate"),
    "no-such-correction": (
        "查看全部：qingdan corrections list --all",
        "to list them: qingdan corrections list --all",
    ),
    "no-such-part": (
        "新增：qingdan dataset part add DATASET NAME",
        "to add one: qingdan dataset part add DATASET NAME",
    ),
    "part-needed": ("--part", "--part"),
    "part-unclear": ("--part", "--part"),
    "personal-text": ("--proof", "--proof"),
    "rename-suggested": ("qingdan rename", "qingdan rename"),
    "renumbering-suggested": ("qingdan rename", "qingdan rename"),
    "rows-in-error": ("略去：--without-errors", "to leave them out: --without-errors"),
}
"""Code of a message → the command or option that is its way out, in both languages."""


def add_hint(code: str, zh: str, en: str) -> tuple[str, str]:
    """Add the command or option that is the way out of a message."""
    hint = HINTS.get(code)
    return (zh, en) if hint is None else (f"{zh}（{hint[0]}）", f"{en} ({hint[1]})")
