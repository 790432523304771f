"""Arguments of the tools. Their JSON Schemas are what an assistant reads."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from publisher.log.findings.responses import Handling

MOST = 20
"""Most hits, changes or differences of one answer."""

type Dataset = Annotated[
    str,
    Meta(pattern="^[a-z0-9][a-z0-9-]{0,99}$", description="数据集的名称，见 list_datasets / Name of a list"),
]
type Record = Annotated[
    str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$", description="记录的标识 / Id of a record, from an answer")
]
type AsOf = Annotated[
    date | None, Meta(description="该日有效的内容，默认今天 / In effect that day; today by default")
]
type Limit = Annotated[int, Meta(ge=1, le=MOST, description="条数 / How many")]
type State = Annotated[
    str,
    Meta(
        pattern="^([1-9][0-9]{0,8}|[0-9]{4}-[0-9]{2}-[0-9]{2})$",
        description="发布的编号或日期 / Number of a release, or a day",
    ),
]


class NoArguments(msgspec.Struct, forbid_unknown_fields=True):
    """No arguments."""


class SearchArguments(msgspec.Struct, forbid_unknown_fields=True):
    """The search terms, and filters."""

    q: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=200,
            description="名称、文号或词语，宜短，空格为“且” / A name, number or words; a blank is and",
        ),
    ]
    dataset: Dataset | None = None
    as_of: AsOf = None
    limit: Limit = 10


class RecordArguments(msgspec.Struct, forbid_unknown_fields=True):
    """A record, on a day."""

    dataset: Dataset
    record: Record
    as_of: AsOf = None


class CompareArguments(msgspec.Struct, forbid_unknown_fields=True):
    """Two states of a list."""

    dataset: Dataset
    before: State
    after: State
    limit: Limit = MOST


class ChangesArguments(msgspec.Struct, forbid_unknown_fields=True):
    """A list, or one of its releases."""

    dataset: Dataset
    release: Annotated[int, Meta(ge=1, description="只要这次发布的 / Those of this release")] | None = None
    limit: Limit = 10


class FindingsArguments(msgspec.Struct, forbid_unknown_fields=True):
    """A list or a record, or neither for all findings."""

    dataset: Dataset | None = None
    record: Record | None = None
    handling: Annotated[
        Handling | None,
        Meta(
            description="尚未回应、已回应或不成立；默认前两种 / How offices handled it; "
            "by default all but the dismissed"
        ),
    ] = None
    limit: Limit = 10


class SectionArguments(msgspec.Struct, forbid_unknown_fields=True):
    """A section of a document."""

    dataset: Dataset
    record: Record
    section: (
        Annotated[
            str,
            Meta(
                max_length=200,
                description="锚点或标题，不填得各章节 / Anchor or title; else the outline",
            ),
        ]
        | None
    ) = None
    as_of: AsOf = None
