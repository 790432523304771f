"""Random answers of a government site, built from real forms of pages and broken in every way.

A case is one answer: status line, headers and body. The same seed gives the same cases.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from random import Random

from tests.support.government import letter, page

TOKENS = (
    *("\x00", "\ufeff", "\ud7ff", "\U0010ffff", "\u202e", "﷐", "％００", "&#x110000;", "&#0;", "&amp"),
    *("%00", "\\u0000", "9" * 40, "-1", "1e999", "nan", "inf", "2" * 5000, "99999999999999999999"),
    *("0x7fffffff", "٣", "一" * 300, "http://[", "http://[::1", "//", "http:///", "http://a:99999/"),
    *("ftp://x/", "javascript:", "data:,", "?" * 99, "<" * 200, "<table>" * 60, "<div>" * 400, "</html>"),
    *("<![CDATA[", "<!--", "]]>", "<?xml", "<!DOCTYPE x [", '<td colspan="99999999">'),
    *('<td rowspan="65535">', '<base href="http://[">', '<a rel="next" href="?">下一页</a>', "[" * 50_000),
    *("{" * 300, '{"@graph":' * 2000, '"' * 3, "{}", "null", "\\ud800", '{"@type":{"@type":[]}}'),
    *("鞍政发〔99999〕号", "2015年13月45日", "公元前1年", "0000-00-00", "Thu, 99 Foo 9999 99:99:99 +9999"),
    *("Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 31 Dec 9999 23:59:59 -2359"),
    "createPageHTML(99999,0,'index','html')",
)  # fmt: skip
"""Texts that were known to break some parser."""

JSON_LD = (
    '<script type="application/ld+json">{"@context":"https://schema.org","@type":"Article","headline":"%s",'
    '"datePublished":"2015-04-01","publisher":{"name":"鞍山市人民政府"},"identifier":"11210300/2015-00001"}</script>'
)
META = (
    '<meta name="ArticleTitle" content="%s"><meta name="PubDate" content="2015-04-01 09:00"><base href="/d/">'
)
TABLE = "<table><tr><th>序号</th><th colspan=2>名称</th></tr><tr><td rowspan=2>1</td><td>甲</td></tr></table>"
ROBOTS = "User-agent: *\nDisallow: /x/\nAllow: /*.html$\nCrawl-delay: 1\nSitemap: /s.xml\nRequest-rate: 1/5\n"

STATUS_LINES = (
    *(*("HTTP/1.1 200 OK",) * 12, "HTTP/1.1 301 Moved", "HTTP/1.1 302 Found", "HTTP/1.1 304 Not Modified"),
    *("HTTP/1.1 404 Gone", "HTTP/1.1 429 Busy", "HTTP/1.1 503 Busy", "HTTP/1.1 500 \xff\xfe"),
    *("HTTP/1.0 200", "HTTP/1.1 999 ?", "HTTP/9.9 200 OK", "200", "HTTP/1.1 100 Go"),
)  # fmt: skip
HEADERS = (
    *("Content-Type: text/html; charset=%s", "Content-Encoding: %s", "Retry-After: %s", "Location: %s"),
    *("ETag: %s", "Last-Modified: %s", "Content-Length: %s", "Transfer-Encoding: %s", "Set-Cookie: %s"),
    *("X: %s", "%s: 1", " %s", "Content-Disposition: attachment; filename*=%s", "Date: %s"),
    *("Location: /%s", 'ETag: W/"%s"', "Content-Range: %s"),
)  # fmt: skip
VALUES = (
    *("gzip", "deflate", "br", "identity", "gzip, gzip", "chunked", "utf-8", "gb2312", "big5", "utf-7"),
    *("idna", "zlib", "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 31 Dec 99999999999999999999 00:00:00 GMT"),
    *("Fri, 31 Dec 9999 23:59:59 -2359", "http://[", "http://[::1]:x/", "//", "?", "#", "http://a b/"),
    *("http://\xff/", "http://xn--\xff/", "/robots.txt", "0", "-1", "7", "9" * 30, "1e5", "\xe9\xa1\xb5"),
    *('"\xff\xfe"', "", " ", "\t", "a" * 9_000, "\x00", "\x7f"),
)  # fmt: skip


class HostileSite:
    """Builds the cases of one seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def document(self, number: int) -> bytes:
        title = letter(number)[0]
        head = self._random.choice(("", JSON_LD % title, META % title, JSON_LD % title + META % title))
        links = (
            f'<a href="/f/{number}.doc">附件：{number}.doc</a>{TABLE}' if self._random.random() < 0.3 else ""
        )
        return self._answer(page(number, head=head, extra=links))

    def list_page(self, addresses: list[str]) -> bytes:
        items = "".join(
            f'<li><a href="{url}">{letter(9)[0]}</a><span>2015-04-01</span></li>' for url in addresses
        )
        script = "<script>createPageHTML(3, 0, 'list', 'html')</script>"
        return self._answer(
            f'<html><body><ul>{items}</ul>{script}<a href="/list_2.html">下一页</a></body></html>'
        )

    def sitemap(self, addresses: list[str]) -> bytes:
        entries = "".join(
            f"<url><loc>{url}</loc><lastmod>2015-04-01T08:00:00+08:00</lastmod></url>" for url in addresses
        )
        return self._answer(
            f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'
        )

    def feed(self, addresses: list[str]) -> bytes:
        text = f"<title>{letter(7)[0]}</title><pubDate>Wed, 01 Apr 2015 08:00:00 +0800</pubDate>"
        entries = "".join(f"<item>{text}<link>{url}</link></item>" for url in addresses)
        return self._answer(f'<?xml version="1.0"?><rss version="2.0"><channel>{entries}</channel></rss>')

    def robots(self) -> bytes:
        return self._answer(ROBOTS)

    def _answer(self, text: str) -> bytes:
        """Build an answer. Half of the cases keep a correct head, so that the body is read."""
        body = self._encode(self._break_text(text))
        sound_head = self._random.random() < 0.5
        lines = ["HTTP/1.1 200 OK" if sound_head else self._random.choice(STATUS_LINES)]
        if not sound_head or self._random.random() < 0.2:
            body, coding = self._compress(body)
            lines += [f"Content-Encoding: {coding}"] if coding else []
        if not sound_head:
            lines += [self._header() for _ in range(self._random.randrange(4))]
        lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\nConnection: close\r\n\r\n" + body

    def _header(self) -> str:
        value = (
            self._random.choice(VALUES) if self._random.random() < 0.8 else self._random.choice(TOKENS)[:3000]
        )
        return self._random.choice(HEADERS) % value.replace("\n", "")

    def _break_text(self, text: str) -> str:
        for _ in range(self._random.randrange(5)):
            text = self._random.choice(_BREAKS)(self._random, text)
        return text

    def _encode(self, text: str) -> bytes:
        encoding = self._random.choice(("utf-8",) * 6 + ("gb18030", "utf-16", "big5", "utf-7", "utf-32"))
        data = bytearray(text.encode(encoding, "replace"))
        if data and self._random.random() < 0.2:
            for _ in range(self._random.randrange(1, 20)):
                data[self._random.randrange(len(data))] = self._random.randrange(256)
        return bytes(data)

    def _compress(self, body: bytes) -> tuple[bytes, str]:
        coding = self._random.choice(("", "", "gzip", "deflate", "gzip"))
        packed = {"": body, "gzip": gzip.compress(body, 1), "deflate": zlib.compress(body, 1)}[coding]
        cut = self._random.randrange(len(packed) + 1) if self._random.random() < 0.2 else len(packed)
        return packed[:cut], coding


def _insert(random: Random, text: str) -> str:
    place = random.randrange(len(text) + 1)
    return text[:place] + random.choice(TOKENS) + text[place:]


def _replace_value(random: Random, text: str) -> str:
    """Replace what is between two marks: a value of an attribute, an element or a key."""
    start = text.find(random.choice('">:='), random.randrange(len(text) + 1))
    end = min((at for mark in '"<\n' if (at := text.find(mark, start + 1)) >= 0), default=-1)
    return text if start < 0 or end < 0 else text[: start + 1] + random.choice(TOKENS) + text[end:]


def _repeat(random: Random, text: str) -> str:
    start = random.randrange(len(text) + 1)
    piece = text[start : start + random.randrange(1, 80)]
    return text[:start] + piece * random.choice((2, 50, 2_000)) + text[start:]


def _remove(random: Random, text: str) -> str:
    start = random.randrange(len(text) + 1)
    return text[:start] + text[start + random.randrange(1, 200) :]


def _cut(random: Random, text: str) -> str:
    return text[: random.randrange(len(text) + 1)]


_BREAKS: tuple[Callable[[Random, str], str], ...] = (
    *(_insert, _insert, _replace_value, _replace_value),
    *(_repeat, _remove, _cut),
)
