"""Which documents were declared repealed or lapsed (废止, 失效), and by which: they are marked so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from publisher.collect.model import ImportedRecord
from publisher.store.evidence import Response
from publisher.store.model import Entry, Filter, RecordQuery
from publisher.store.store import Store
from schemas.catalogue import Catalogue, Content, Json

VALIDITY, ENDED_BY, ENDS = "validity", "ended_by", "ends"
ENDED = "废止"
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Ending:
    by: str
    """文号 of the notice, else its title in 《》."""
    response: Response | None
    """What the notice was read from; None where it was published before this run."""


class Endings:
    """Known from what is published, and learned from what a run reads."""

    def __init__(self, store: Store, dataset: str, catalogue: Catalogue) -> None:
        self._holds = {VALIDITY, ENDED_BY, ENDS} <= set(catalogue.by_name)
        self._known: dict[str, Ending] = {}
        self._new: list[str] = []
        if self._holds and ENDS in store.catalogue(dataset).by_name:
            for content in _ending(store, dataset):
                self._add(content, None)
        self._new.clear()

    def learn(self, content: Content, response: Response) -> None:
        if self._holds:
            self._add(content, response)

    def new(self) -> list[str]:
        """What was learned since this was last asked: 文号, or titles in 《》."""
        found, self._new = self._new, []
        return found

    def response(self, ended: str) -> Response | None:
        return self._known[ended].response

    def marked[Said: (ImportedRecord, Entry)](self, record: Said) -> Said:
        """As :meth:`applied`. It is the source that says so, in another place, and no better reading."""
        content = self.applied(record.content)
        if content == record.content:
            return record
        said = said_too(record.source_text, str(content[ENDED_BY]))
        return replace(record, content=content, source_text=said)

    def applied(self, content: Content) -> Content:
        """The content, marked where another document ended it; what a page says itself stays."""
        ending = next((self._known[name] for name in _names(content) if name in self._known), None)
        if ending is None or ending.by in _names(content):
            return content
        return {**content, VALIDITY: content.get(VALIDITY) or ENDED, ENDED_BY: ending.by}

    def _add(self, content: Content, response: Response | None) -> None:
        names = _names(content)
        for ended in _texts(content.get(ENDS)):
            if names and ended not in names and ended not in self._known:
                self._known[ended] = Ending(names[0], response)
                self._new.append(ended)


def said_too(source_text: str, more: str) -> str:
    """The digest of what a source says, with what it says elsewhere."""
    return hashlib.sha256(f"{source_text}\x1e{more}".encode(errors="replace")).hexdigest()


def _ending(store: Store, dataset: str) -> Iterator[Content]:
    query = RecordQuery(filters=(Filter(ENDS, "exists", ("true",)),), limit=_AT_ONCE, count=False)
    while True:
        page = store.records(dataset, query)
        yield from (state.content for state in page.records)
        if page.after is None:
            return
        query = replace(query, after=page.after)


def _names(content: Content) -> list[str]:
    number, title = content.get("number"), content.get("title")
    return [*([str(number)] if number else []), *([f"《{title}》"] if title else [])]


def _texts(value: Json) -> Iterator[str]:
    return (one for one in value if isinstance(one, str)) if isinstance(value, list) else iter(())
