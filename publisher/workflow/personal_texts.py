"""Personal data in a reader's correction that a clerk is about to accept."""

from __future__ import annotations

from publisher.ingest.personal_data import find_personal_texts
from publisher.log.model import LogError


def refuse_personal(*texts: str) -> None:
    """Raise ``LogError('personal-text')`` if a text that would be published has personal data."""
    for one in (one for text in texts for one in find_personal_texts(text)):
        raise LogError(
            "personal-text",
            f"将公布的文字含有{one.kind.zh}（{one.masked}）。请另写公布的依据；“应为”中含有的，"
            "不予采纳，另行更正条目。",
            f"What would be published contains {one.kind.en} ({one.masked}). Write another proof; if the "
            "value contains it, reject the request and correct the record all the same.",
        )
