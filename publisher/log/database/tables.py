"""Tables of the log. Days are ordinals, instants are microseconds since the epoch; see ``docs/log.md``."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects import postgresql

from publisher.log.clocks import FOREVER
from publisher.log.database.sealing.sealed_columns import sealed, sealed_on_update

TITLE_LENGTH = 200
"""Characters of a title that order lists: PostgreSQL cannot index long texts."""

HEAD = "0027"
"""The last migration; a test compares the migrated schema with these tables."""

metadata = MetaData()

# Order by code point whatever the server's locale: the default of SQLite, the collation "C" of PostgreSQL.
# Every text column has it, so that no comparison depends on who created the database.
CodePointText = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Integer64 = BigInteger().with_variant(Integer, "sqlite")  # SQLite generates keys for INTEGER only: 64 bits
_OPEN, _WITHDRAWN = text(f"known_to = {FOREVER}"), text("withdrawn_at IS NOT NULL")
_ERASED = text("erased_by IS NOT NULL")

site = Table(
    "site",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("base", CodePointText, nullable=False),
    Column("tag_authority", CodePointText, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # Counters, so that no number is used twice although outbox rows are deleted; there may be gaps.
    Column("release_sequence", BigInteger, nullable=False),
    Column("change_sequence", BigInteger, nullable=False),
    Column("outbox_sequence", BigInteger, nullable=False),
    Column("scrub_pending", Boolean, nullable=False),
    Column("details", CodePointText, nullable=False, server_default="{}"),
    Column("document", CodePointText),  # digest of the newest document of the site
    Column("named_at", BigInteger, nullable=False, server_default="0"),  # change of its details; 0: never
    Column("shortfall", CodePointText),  # JSON: what a restored log lacks; NULL: nothing
    *sealed("site", "id"),
)

catalogue = Table(
    "catalogue",
    metadata,
    Column("digest", CodePointText, primary_key=True),
    Column("name", CodePointText, nullable=False),
    Column("source", CodePointText, nullable=False),
)

dataset = Table(
    "dataset",
    metadata,
    Column("key", Integer64, primary_key=True),
    Column("name", CodePointText, nullable=False, unique=True),
    Column("catalogue", CodePointText, nullable=False),
    Column("catalogue_digest", ForeignKey("catalogue.digest"), nullable=False),
    Column("draft_catalogue", ForeignKey("catalogue.digest")),
    Column("details", CodePointText, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # When its details or a part were last changed, which creates no release; 0: never.
    Column("named_at", BigInteger, nullable=False, server_default="0"),
    Column("document", CodePointText),  # digest of the newest document of the dataset
    *sealed("dataset"),
    # Heading → field, as JSON: columns of its files that its catalogue does not know. NULL: none.
    Column("headings", CodePointText),
)

part = Table(
    "part",
    metadata,
    Column("key", Integer64, primary_key=True),
    Column("dataset", ForeignKey("dataset.key"), nullable=False),
    Column("name", CodePointText, nullable=False),
    Column("aliases", CodePointText, nullable=False),
    Column("code", CodePointText),
    Column("valid_from", BigInteger),
    Column("valid_to", BigInteger),
    Column("merged_into", ForeignKey("part.key")),
    # The first name; documents name the part by it, because it never changes.
    Column("declared_as", CodePointText, nullable=False, server_default=""),
    *sealed("part"),
    UniqueConstraint("dataset", "name"),
)

release = Table(
    "release",
    metadata,
    Column("sequence", Integer64, primary_key=True, autoincrement=False),
    Column("dataset", ForeignKey("dataset.key"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("effective_on", BigInteger, nullable=False),
    Column("basis", CodePointText, nullable=False),
    Column("note", CodePointText, nullable=False),
    Column("actor", CodePointText, nullable=False),
    Column("catalogue_digest", ForeignKey("catalogue.digest"), nullable=False),
    Column("parser_version", CodePointText, nullable=False),
    Column("software_version", CodePointText, nullable=False),
    Column("counts", CodePointText, nullable=False),
    # Rows left out may contain data that is erased later, so the chain stores a salted hash.
    Column("left_out", CodePointText),
    Column("left_out_salt", LargeBinary),
    Column("left_out_hash", CodePointText, nullable=False),
    Column("manifest_hash", CodePointText, nullable=False),
    Column("previous_hash", CodePointText, nullable=False),
    Column("hash", CodePointText, nullable=False),
    Column("erased", Boolean, nullable=False),
    Column("format", Integer, nullable=False, server_default="1"),  # of the three hashes above
    Column("document", CodePointText),  # digest of its document of format 2; equal to the hash in that format
    Column("actor_salt", LargeBinary),  # salts are NULL once the text was destroyed
    Column("note_salt", LargeBinary),
    Column("basis_salt", LargeBinary),
    UniqueConstraint("dataset", "number"),
    *sealed("release", "sequence"),
    Column("approval", CodePointText),  # of a dataset under the two-person rule, as JSON with names and salts
)
CANCELS = "cancels"
"""Key among the counts of a release that cancels another: the number of that one."""
IS_CANCELLATION = release.c.counts.contains(f'"{CANCELS}":')
"""Condition of the releases that cancel another."""

import_ = Table(
    "import",
    metadata,
    Column("key", Integer64, primary_key=True),
    Column("dataset", ForeignKey("dataset.key"), nullable=False),
    Column("release", ForeignKey("release.sequence"), index=True),  # NULL: in the draft
    Column("part", ForeignKey("part.key")),
    Column("mode", CodePointText, nullable=False),
    Column("parser_version", CodePointText, nullable=False),
    Column("digest", CodePointText, nullable=False, index=True),
    Column("name", CodePointText, nullable=False),
    Column("media_type", CodePointText, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("obtained_at", BigInteger, nullable=False),
    Column("url", CodePointText),
    Column("detected_by", CodePointText, nullable=False),
    Column("partial", Boolean, nullable=False),
    Column("destroyed", Boolean, nullable=False),  # by an erasure
    Column("left_out", CodePointText, nullable=False),
    Column("effective_from", BigInteger),
    Column("effective_to", BigInteger),  # end of the period, if states of later effect were kept
    Column("origin_salt", LargeBinary),  # of name and address
    Column("entries", Integer),  # number of its rows when it was staged; -1: completed, so unknown
    Column("records", CodePointText),  # digest of its records in held, once it is published
    *sealed("import"),
    Index("import_of_dataset", "dataset", "release", "name"),
)

record = Table(
    "record",
    metadata,
    Column("key", Integer64, primary_key=True, autoincrement=False),
    Column("id", CodePointText, nullable=False, unique=True),
    Column("dataset", ForeignKey("dataset.key"), nullable=False),
    Column("identity", CodePointText),  # digest of the identity that matches rows; NULL: no row matches
    Column("withdrawn_at", BigInteger),
    Column("erased_by", ForeignKey("release.sequence")),
    Index("record_by_identity", "dataset", "identity", unique=True),
    Index(
        "record_withdrawn", "dataset", "withdrawn_at", sqlite_where=_WITHDRAWN, postgresql_where=_WITHDRAWN
    ),
    Index("record_erased", "erased_by", sqlite_where=_ERASED, postgresql_where=_ERASED),
)

revision = Table(
    "revision",
    metadata,
    Column("key", Integer64, primary_key=True, autoincrement=False),
    Column("record", ForeignKey("record.key"), nullable=False, index=True),
    Column("hash", CodePointText, nullable=False),
    Column("salt", LargeBinary),  # salt and content are NULL once erased
    Column("content", CodePointText),
    Column("title", CodePointText, nullable=False),
    Column("source_text", CodePointText, nullable=False),
    Column("locator", CodePointText, nullable=False),
    Column("originals", CodePointText, nullable=False),
    Column("import", ForeignKey("import.key")),
    Column("corrects", Boolean, nullable=False),
    Column("provenance", CodePointText),  # salted hash of file, locator, originals and source text
)

change = Table(
    "change",
    metadata,
    Column("sequence", Integer64, primary_key=True, autoincrement=False),
    Column("release", ForeignKey("release.sequence"), nullable=False, index=True),
    Column("dataset", ForeignKey("dataset.key"), nullable=False),
    Column("record", ForeignKey("record.key"), nullable=False, index=True),
    Column("kind", CodePointText, nullable=False),
    Column("cause", CodePointText, nullable=False),
    Column("revision", BigInteger),
    Column("before", BigInteger),  # the replaced revision
    Column("part", BigInteger),
    Column("before_part", BigInteger),
    Column("effective_from", BigInteger, nullable=False),
    Column("effective_to", BigInteger, nullable=False),
    Index("change_of_dataset", "dataset", "sequence"),
)

held = Table(
    "held",
    metadata,
    Column("record", ForeignKey("record.key"), primary_key=True),
    Column("import", ForeignKey("import.key"), primary_key=True),
    sqlite_with_rowid=False,
)
"""Files that contained a record, whether they changed it or not: an erasure destroys them."""

span = Table(
    "span",
    metadata,
    Column("record", ForeignKey("record.key"), primary_key=True),
    Column("made", BigInteger, primary_key=True),  # sequence of the release that wrote the row
    Column("effective_from", BigInteger, primary_key=True),
    Column("effective_to", BigInteger, nullable=False),
    Column("known_from", BigInteger, nullable=False),
    Column("known_to", BigInteger, nullable=False),
    Column("dataset", BigInteger, nullable=False),
    Column("status", CodePointText, nullable=False),  # stated, removed, withdrawn, erased
    Column("revision", BigInteger, nullable=False),
    Column("part", BigInteger),
    Column("brought", BigInteger, nullable=False),  # sequence of the release that brought the state
    Column("title", CodePointText, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Index("span_listed", "dataset", "title", "record"),
    Index("span_open_later", "dataset", "effective_from", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("span_of_revision", "revision"),
    Index("span_written", "sequence"),
    # Covers totals and facets: counts read the index only, in the order of the values.
    Index(
        "span_counted",
        *("dataset", "revision", "part", "status"),
        *("known_from", "known_to", "effective_from", "effective_to"),
    ),
    sqlite_with_rowid=False,
)

tally = Table(
    "tally",
    metadata,
    Column("dataset", BigInteger, primary_key=True),
    Column("known_from", BigInteger, primary_key=True),
    Column("effective_from", BigInteger, primary_key=True),
    Column("records", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Growth of the number of records in force on a day, as known from an instant: totals without counting."""

value = Table(
    "value",
    metadata,
    Column("revision", BigInteger, primary_key=True),
    Column("field", CodePointText, primary_key=True),
    Column("text", CodePointText, primary_key=True),
    Column("number", Float(53)),
    Column("dataset", BigInteger, nullable=False),
    Index("value_found", "dataset", "field", "text"),
    sqlite_with_rowid=False,
)
"""Short values of a revision, for filters, facets and sorting."""

outbox = Table(
    "outbox",
    metadata,
    Column("sequence", Integer64, primary_key=True, autoincrement=False),
    Column("kind", CodePointText, nullable=False),
    Column("key", CodePointText, nullable=False),
    Column("dataset", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", CodePointText, nullable=False),
    sealed_on_update("outbox"),
)

draft_entry = Table(
    "draft_entry",
    metadata,
    Column("import", ForeignKey("import.key"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("identity", CodePointText, nullable=False),
    Column("content", CodePointText, nullable=False),
    Column("title", CodePointText, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("hash", CodePointText, nullable=False),
    Column("source_text", CodePointText, nullable=False),
    Column("locator", CodePointText, nullable=False),
    Column("originals", CodePointText, nullable=False),
    Column("in_error", Boolean, nullable=False),
    *sealed("draft_entry", "import"),
    Index("draft_entry_identity", "import", "identity"),
)

repeal = Table(
    "repeal",
    metadata,
    Column("key", Integer64, primary_key=True),
    Column("dataset", ForeignKey("dataset.key"), nullable=False),
    Column("ended", CodePointText, nullable=False),  # identity of the document that is ended
    Column("notice", CodePointText, nullable=False),  # identity of the document that ends it
    Column("accepted", Boolean, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    Column("release", ForeignKey("release.sequence")),  # NULL: refused, or not yet published
    *sealed("repeal"),
    UniqueConstraint("dataset", "ended", "notice"),
)
"""Decisions of clerks about repeals that documents propose."""

submission = Table(
    "submission",
    metadata,
    Column("key", Integer64, primary_key=True),
    Column("dataset", ForeignKey("dataset.key"), nullable=False),
    Column("kind", CodePointText, nullable=False),
    Column("request", CodePointText, nullable=False),  # heading, amendment and review of secrecy, as JSON
    Column("digest", CodePointText, nullable=False),
    Column("drafter", CodePointText, nullable=False),
    Column("submitted_at", BigInteger, nullable=False),
    Column("state", CodePointText, nullable=False),
    Column("reviewer", CodePointText, nullable=False),
    Column("decided_at", BigInteger),
    Column("reason", CodePointText, nullable=False),
    Column("release", ForeignKey("release.sequence")),
    *sealed("submission"),
    Index("submission_dataset", "dataset", "state"),
)
"""Requests that wait for the decision of a second person, or have it."""

source_bytes = Table(
    "source_bytes",
    metadata,
    Column("digest", CodePointText, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
"""Bytes of sources on PostgreSQL, where several machines share them; with SQLite they are files."""
