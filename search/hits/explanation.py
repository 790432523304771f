"""Explanation of a hit: the words of the query that its texts contain, and in which form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import MatchKind, Reason
from search.indexed_document import StoredDocument, list_number_forms
from search.query.name_index import comparison_key
from search.query.parser import Query, Word

_PART = "〔0123456789"
"""First characters of a part of a 文号. A complete one begins with its issuer."""


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
    fields = {name: folded_texts[text] for name, text in (*texts.items(), *document.texts.items())}
    all_reasons = (
        reason
        for word in query.leaves
        for reason in (
            _find_number_reasons(word, document, fields)
            if word.kind == "number"
            else _find_word_reasons(word, fields, analyzer, lexicon)
        )
    )
    return tuple(dict.fromkeys(all_reasons))


def _find_number_reasons(word: Word, document: StoredDocument, fields: Mapping[str, str]) -> Iterator[Reason]:
    places = [
        place for place, number in enumerate(document.numbers) if word.text in list_number_forms(number)
    ]
    for place in places:
        number = document.numbers[place]
        if place < document.own_numbers:
            yield Reason(word.text, number, "own-number", ())
        else:
            yield Reason(word.text, number, "cited-number", _find_fields(number, fields))
    if not places and (holding := _find_fields(word.text, fields)):  # in a text alone
        yield Reason(word.text, word.text, "word" if word.text[0] in _PART else "cited-number", holding)


def _find_word_reasons(
    word: Word, fields: Mapping[str, str], analyzer: Analyzer, lexicon: Lexicon
) -> Iterator[Reason]:
    typed = comparison_key(word.text)
    reported: list[str] = []
    for form in filter(None, dict.fromkeys((word.text, *_find_other_forms(word, lexicon), word.mainland))):
        if len(form) == 2 and word.kind == "word":
            holding = tuple(name for name, text in fields.items() if form in analyzer.words(text))
        else:
            holding = _find_fields(form, fields)
        # Redundant: a form inside a reported one (建设局 in 住房和城乡建设局), or one that contains the word.
        redundant = any(
            comparison_key(form) in other or (other == typed and typed in comparison_key(form))
            for other in reported
        )
        if holding and not redundant:
            reported.append(comparison_key(form))
            yield Reason(word.text, form, _find_match_kind(word, form, lexicon), holding)
    if not reported:  # the column of bodies contains the stem alone
        for stem in word.bodies:
            if holding := tuple(name for name, text in fields.items() if text == stem):
                yield Reason(word.text, stem, "alias", holding)


def _find_other_forms(word: Word, lexicon: Lexicon) -> tuple[str, ...]:
    return (*lexicon.wordings.get(word.text, ()), *word.forms)


def _find_fields(form: str, fields: Mapping[str, str]) -> tuple[str, ...]:
    """List the fields whose text contains a form, ignoring signs and spaces."""
    return tuple(name for name, text in fields.items() if comparison_key(form) in comparison_key(text))


def _find_match_kind(word: Word, form: str, lexicon: Lexicon) -> MatchKind:
    if form == word.text:
        return "phrase" if word.kind == "phrase" else "word"
    if form == word.mainland:
        return "taiwan"
    return "alias" if word.text in lexicon.bodies else "synonym"
