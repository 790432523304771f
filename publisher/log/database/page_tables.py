"""Tables of harvested sites: pages, responses, and what changed at the source site."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
)

from publisher.log.database.sealing.sealed_columns import sealed
from publisher.log.database.tables import CodePointText, Integer64, metadata

page = Table(
    "page",
    metadata,
    Column("key", Integer64, primary_key=True),
    Column("source", CodePointText, nullable=False),  # name in sources.toml
    Column("url", CodePointText, nullable=False),
    Column("role", CodePointText, nullable=False),  # list, document, continuation, attachment, robots
    Column("parent", BigInteger, index=True),  # the list or document that links to it
    Column("title", CodePointText, nullable=False),  # text of the link
    Column("found_at", BigInteger, nullable=False),
    Column("checked_at", BigInteger),  # NULL: never requested
    Column("status", Integer),  # HTTP status of the last request
    Column("failures", Integer, nullable=False),  # in a row
    Column("vanished_at", BigInteger),
    # Values of the last complete response; a difference indicates a change.
    Column("etag", CodePointText),
    Column("modified", CodePointText),
    Column("length", BigInteger),
    Column("body_digest", CodePointText),
    Column("response", BigInteger),
    Column("suspected_by", CodePointText),  # etag, date, length, hash: reason why its text may have changed
    # The parsed body, and its parser; read_digest differs from body_digest until it is parsed again.
    Column("read_digest", CodePointText),
    Column("text_digest", CodePointText),
    Column("parser_version", CodePointText, nullable=False),
    Column("number", CodePointText),  # 文号, as the catalogue writes it
    Column("named", CodePointText),  # normalised title
    Column("sketch", LargeBinary),  # sketch of the text, to recognise copies
    Column("copy_of", BigInteger, index=True),
    Column("erased", Boolean, nullable=False),  # never requested again
    Column("troubled_since", BigInteger),  # since when it answers 200 without its content; NULL: it does not
    *sealed("page"),
    UniqueConstraint("source", "url"),
    Index("page_by_number", "number"),
    Index("page_by_name", "named"),
)
"""Pages of harvested sites: address, last response and parsed document."""

page_failure = Table(
    "page_failure",
    metadata,
    Column("page", ForeignKey("page.key"), primary_key=True, autoincrement=False),
    Column("times", Integer, nullable=False),  # in a row
    Column("at", BigInteger, nullable=False),  # of the last one
    Column("error", CodePointText, nullable=False),
    *sealed("page_failure", "page"),
)
"""Pages on which the program itself failed."""

response = Table(
    "response",
    metadata,
    Column("key", Integer64, primary_key=True),
    Column("page", ForeignKey("page.key"), nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("status", Integer, nullable=False),
    Column("digest", CodePointText, nullable=False, index=True),  # digest of the WARC file among the sources
    Column("size", BigInteger, nullable=False),  # size of that file
    Column("body_digest", CodePointText, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("destroyed", Boolean, nullable=False),  # by an erasure
    *sealed("response"),
)
"""Every response of a page, unmodified."""

notice = Table(
    "notice",
    metadata,
    Column("key", Integer64, primary_key=True),
    Column("page", ForeignKey("page.key"), nullable=False, index=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("kind", CodePointText, nullable=False),  # changed, vanished, returned
    Column("detected_by", CodePointText, nullable=False),  # etag, date, length, hash, status
    Column("before", BigInteger),
    Column("after", BigInteger),
    *sealed("notice"),
)
"""Changes at the source site since a page was first parsed."""

source_run = Table(
    "source_run",
    metadata,
    Column("key", Integer64, primary_key=True),
    Column("source", CodePointText, nullable=False),  # name in sources.toml
    Column("began_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),  # NULL: it runs, or was interrupted
    Column("report", CodePointText, nullable=False),  # counts and findings, in JSON; empty until it ends
    *sealed("source_run"),
    Index("source_run_source", "source"),
)
"""The newest runs over each source site."""
