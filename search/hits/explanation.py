"""Why a document is a hit: which words stand in which of its texts, and under which other name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import How, Reason
from search.indexed_document import Shown, number_forms
from search.query.name_index import key
from search.query.parser import Query, Word

_PART = "〔0123456789"
"""What a part of a 文号 begins with, where the whole begins with who issued it."""


def reasons(
    query: Query, document: Shown, kept: Mapping[str, str], analyzer: Analyzer, lexicon: Lexicon
) -> tuple[Reason, ...]:
    """One for each form of each word that the document holds. ``kept``: text → its folded form."""
    texts = document.texts if document.title in document.texts.values() else {"title": document.title}
    fields = {name: kept[text] for name, text in (*texts.items(), *document.texts.items())}
    found = (
        reason
        for word in query.leaves
        for reason in (
            _of_number(word, document, fields)
            if word.kind == "number"
            else _of_word(word, fields, analyzer, lexicon)
        )
    )
    return tuple(dict.fromkeys(found))


def _of_number(word: Word, document: Shown, fields: Mapping[str, str]) -> Iterator[Reason]:
    met = [place for place, number in enumerate(document.numbers) if word.text in number_forms(number)]
    for place in met:
        number = document.numbers[place]
        if place < document.own_numbers:
            yield Reason(word.text, number, "own-number", ())
        else:
            yield Reason(word.text, number, "cited-number", _holding(number, fields))
    if not met and (holding := _holding(word.text, fields)):  # in a text alone
        yield Reason(word.text, word.text, "word" if word.text[0] in _PART else "cited-number", holding)


def _of_word(word: Word, fields: Mapping[str, str], analyzer: Analyzer, lexicon: Lexicon) -> Iterator[Reason]:
    typed = key(word.text)
    met: list[str] = []
    for form in filter(None, dict.fromkeys((word.text, *_others(word, lexicon), word.taiwan))):
        if len(form) == 2 and word.kind == "word":
            holding = tuple(name for name, text in fields.items() if form in analyzer.words(text))
        else:
            holding = _holding(form, fields)
        # 建设局 within 住房和城乡建设局, and what holds the word itself, are no reasons of their own.
        told = any(key(form) in other or (other == typed and typed in key(form)) for other in met)
        if holding and not told:
            met.append(key(form))
            yield Reason(word.text, form, _how(word, form, lexicon), holding)
    if not met:  # the column of bodies has the stem alone
        for stem in word.bodies:
            if holding := tuple(name for name, text in fields.items() if text == stem):
                yield Reason(word.text, stem, "alias", holding)


def _others(word: Word, lexicon: Lexicon) -> tuple[str, ...]:
    return (*lexicon.wordings.get(word.text, ()), *word.forms)


def _holding(form: str, fields: Mapping[str, str]) -> tuple[str, ...]:
    """Fields whose text holds a form, whatever signs stand within."""
    return tuple(name for name, text in fields.items() if key(form) in key(text))


def _how(word: Word, form: str, lexicon: Lexicon) -> How:
    if form == word.text:
        return "phrase" if word.kind == "phrase" else "word"
    if form == word.taiwan:
        return "taiwan"
    return "alias" if word.text in lexicon.bodies else "synonym"
