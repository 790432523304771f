"""Why a document is a hit: which words stand in which of its texts, and under which other name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from search.analysis import Analyzer
from search.body import Shown, number_forms
from search.engine import How, Reason
from search.lexicon import Lexicon
from search.names import key
from search.query import Query, Word


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
    for place, number in enumerate(document.numbers):
        if word.text not in number_forms(number):
            continue
        if place < document.own_numbers:
            yield Reason(word.text, number, "own-number", ())
        else:
            holding = tuple(name for name, text in fields.items() if key(number) in key(text))
            yield Reason(word.text, number, "cited-number", holding)


def _of_word(word: Word, fields: Mapping[str, str], analyzer: Analyzer, lexicon: Lexicon) -> Iterator[Reason]:
    met: list[str] = []
    others = lexicon.wordings.get(word.text, ())
    for form in dict.fromkeys((word.text, *others, *word.forms, word.taiwan)):
        whole = len(form) == 2 and word.kind == "word"
        holding = tuple(
            name
            for name, text in fields.items()
            if form and (form in analyzer.words(text) if whole else key(form) in key(text))
        )
        if holding and not any(form in longer for longer in met):  # 建设局 within 住房和城乡建设局
            met.append(form)
            yield Reason(word.text, form, _how(word, form, lexicon), holding)


def _how(word: Word, form: str, lexicon: Lexicon) -> How:
    if form == word.text:
        return "phrase" if word.kind == "phrase" else "word"
    if form == word.taiwan:
        return "taiwan"
    return "alias" if word.text in lexicon.bodies else "synonym"
