"""Tables of works, citations and effects. Each row follows from one revision alone, which never changes.

Both clocks are those of the spans of the revision. Texts are not stored again: a row has the field, the item
and the positions in the content of the revision.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table

from publisher.log.database.sealing.sealed_columns import sealed
from publisher.log.database.tables import CodePointText, metadata

citation = Table(
    "citation",
    metadata,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("field", CodePointText, primary_key=True),
    Column("item", Integer, primary_key=True, autoincrement=False),  # of a field with several; -1: it has one
    Column("start", Integer, primary_key=True, autoincrement=False),
    Column("article", Integer, primary_key=True, autoincrement=False),  # 0: the whole work
    Column("end", Integer, nullable=False),
    Column("work", CodePointText, nullable=False),  # key, see schemas.reference.works
    Column("kind", CodePointText, nullable=False),  # statute, document, order, decision
    Column("place", CodePointText, nullable=False),  # within the article, or in an annex
    Column("role", CodePointText, nullable=False),  # basis, mention, edition-note
    Index("citation_of_work", "work", "revision"),
    sqlite_with_rowid=False,
)
"""Places of works that a revision cites."""

work_name = Table(
    "work_name",
    metadata,
    Column("name", CodePointText, primary_key=True),  # key of its number, or of its title
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("key", CodePointText, nullable=False),  # its first name, which identifies the work
    Column("kind", CodePointText, nullable=False),
    Index("work_name_of_key", "key", "name"),
    Index("work_name_of_revision", "revision"),
    sqlite_with_rowid=False,
)
"""Revisions that are a work (a document, an edition of a statute), by every name that they have."""

effect = Table(
    "effect",
    metadata,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", CodePointText, nullable=False),
    Column("source", CodePointText, nullable=False),  # key of the work that has the effect
    Column("target", CodePointText),  # key of the work that it concerns; NULL: the item of the record
    Column("article", Integer, nullable=False),  # of the source; 0: it is not named
    Column("day", BigInteger),  # NULL: the record does not say it
    Column("field", CodePointText, nullable=False),  # where the record says so
    Column("item", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Index("effect_of_source", "source"),
    Index("effect_on_target", "target"),
    sqlite_with_rowid=False,
)
"""Effects of one work on another, or on the item of the record, as a revision says."""

graph_run = Table(
    "graph_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", Integer, nullable=False),  # of the rules
    Column("revision", BigInteger, nullable=False),  # key of the last revision that was read by them
    Column("release", BigInteger, nullable=False),  # the release that brought it, or one before
    *sealed("graph_run", "id"),
)
"""One row: how far the rows above have come; without it no revision was read."""
