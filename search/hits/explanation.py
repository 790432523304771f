"""Explanation of a hit: the words of the query that its texts contain, and in which form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import MatchKind, Reason
from search.indexed_document import StoredDocument, list_number_forms
from search.query.name_index import comparison_key
from search.query.parser import Query, Word

_PART = "〔0123456789"
"""First characters of a part of a 文号. A complete one begins with its issuer."""


class _Fields:
    """Folded texts of one document by field. Their signs are removed once."""

    def __init__(self, texts: Mapping[str, str], analyzer: Analyzer) -> None:
        self._texts = texts
        self._analyzer = analyzer

    @cached_property
    def _keys(self) -> Mapping[str, str]:
        return {name: comparison_key(text) for name, text in self._texts.items()}

    def equal(self, text: str) -> tuple[str, ...]:
        return tuple(name for name, own in self._texts.items() if own == text)

    def containing(self, form: str) -> tuple[str, ...]:
        """List the fields whose text contains a form, ignoring signs and spaces."""
        key = comparison_key(form)
        return tuple(name for name, text in self._keys.items() if key in text)

    def containing_word(self, form: str) -> tuple[str, ...]:
        """List the fields whose text contains a form as a word: 公安 is not one in 办公安置用房."""
        return tuple(name for name, text in self._texts.items() if self._is_word_of(form, text))

    def _is_word_of(self, form: str, text: str) -> bool:
        start = text.find(form)
        while start >= 0 and not self._analyzer.is_word_at(text, start, start + len(form)):
            start = text.find(form, start + 1)
        return start >= 0


def explain_hit(
    query: Query,
    document: StoredDocument,
    folded_texts: Mapping[str, str],
    analyzer: Analyzer,
    lexicon: Lexicon,
) -> tuple[Reason, ...]:
    """List one reason for each form of each word that the document contains. ``folded_texts``: text → its
    folded form."""
    texts = document.texts if document.title in document.texts.values() else {"title": document.title}
    texts = {**texts, **document.texts}
    fields = _Fields({name: folded_texts[text] for name, text in texts.items()}, analyzer)
    all_reasons = (
        reason
        for word in query.leaves
        for reason in (
            _find_number_reasons(word, document, fields)
            if word.kind == "number"
            else _find_word_reasons(word, fields, lexicon)
        )
    )
    return tuple(dict.fromkeys(all_reasons))


def _find_number_reasons(word: Word, document: StoredDocument, fields: _Fields) -> Iterator[Reason]:
    places = [
        place for place, number in enumerate(document.numbers) if word.text in list_number_forms(number)
    ]
    for place in places:
        number = document.numbers[place]
        if place < document.own_numbers:
            yield Reason(word.text, number, "own-number", ())
        else:
            yield Reason(word.text, number, "cited-number", fields.containing(number))
    if not places and (field_names := fields.containing(word.text)):  # in a text alone
        yield Reason(word.text, word.text, "word" if word.text[0] in _PART else "cited-number", field_names)


def _find_word_reasons(word: Word, fields: _Fields, lexicon: Lexicon) -> Iterator[Reason]:
    typed = comparison_key(word.text)
    reported: list[str] = []
    for form in filter(None, dict.fromkeys((word.text, *_find_other_forms(word, lexicon), word.mainland))):
        is_short = len(form) == 2 and word.kind == "word"
        field_names = fields.containing_word(form) if is_short else fields.containing(form)
        # Redundant: a form inside a reported one (建设局 in 住房和城乡建设局), or one that contains the word.
        redundant = any(
            comparison_key(form) in other or (other == typed and typed in comparison_key(form))
            for other in reported
        )
        if field_names and not redundant:
            reported.append(comparison_key(form))
            yield Reason(word.text, form, _find_match_kind(word, form, lexicon), field_names)
    if not reported:  # the column of bodies contains the stem alone
        for stem in word.bodies:
            if field_names := fields.equal(stem):
                yield Reason(word.text, stem, "alias", field_names)


def _find_other_forms(word: Word, lexicon: Lexicon) -> tuple[str, ...]:
    return (*lexicon.wordings.get(word.text, ()), *word.forms)


def _find_match_kind(word: Word, form: str, lexicon: Lexicon) -> MatchKind:
    if form == word.text:
        return "phrase" if word.kind == "phrase" else "word"
    if form == word.mainland:
        return "taiwan"
    return "alias" if word.text in lexicon.bodies else "synonym"
