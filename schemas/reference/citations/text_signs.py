"""Signs of citations in one form: marks of titles, brackets of years, simplified characters.

Each character is replaced by one, so that positions in the text and in the original are equal.
"""

from __future__ import annotations

import re
from functools import cache

import opencc

from schemas.normalise import heading_key

_SIGNS = re.compile("[號條項國發財華關實務規辦頒會廢於與為執試≪«「『]|<<|[〈《<＜]\\s*(?:19|20)")
"""Signs of a text that :func:`unify_signs` changes: one search decides for most."""
_TRADITIONAL = re.compile("[號條項國發財華關實務規辦頒會廢於與為執試]")
_MARKS = str.maketrans("≪≫«»", "《》《》")
_DOUBLED = re.compile("<<(?=[^<>\n]{2,80}>>)|(?<=[^<>\n])>>")
_YEAR = re.compile(
    r"[〈《「『<＜](?P<year>\s*(?:19|20)\d\d\s*年?\s*)[〉》」』>＞](?=\s*第?\s*[\d〇一二三四五六七八九十])"
)
"""国发〈2014〉5号: marks of a title as brackets of a year."""
_CORNERED = re.compile(
    r"[「『](?P<title>[^「」『』《》\n]{2,60}(?:法|法典|条例|办法|规定|细则|规则))[」』](?=\s*(?:第|[（(]))"
)
"""「消防法」第十五条: a title in corner brackets, which also quote other words."""


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def unify_signs(text: str) -> str:
    """Write the marks of titles and years in one form, and a traditional text in simplified characters."""
    if _SIGNS.search(text) is None:
        return text
    if _TRADITIONAL.search(text):
        text = simplify(text)
    text = _DOUBLED.sub(lambda match: " 《" if match[0] == "<<" else "》 ", text.translate(_MARKS))
    text = _YEAR.sub(lambda match: f"[{match['year']}]", text)
    return _CORNERED.sub(lambda match: f"《{match['title']}》", text)


def simplify(text: str) -> str:
    """Convert to simplified characters, keeping the length."""
    simple: str = _converter().convert(text)
    if len(simple) == len(text):
        return simple
    singles = ((char, _converter().convert(char)) for char in text)
    return "".join(single if len(single) == 1 else char for char, single in singles)


def title_key(title: str) -> str:
    """Return the letters and digits of a title, equal in traditional and simplified characters."""
    return heading_key(unify_signs(title))
