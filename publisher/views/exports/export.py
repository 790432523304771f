"""Formats of files for download, and the description of a state in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from publisher.log.descriptions import SiteDetails
from publisher.log.model import Dataset, Release, View
from publisher.log.queries.whole_state import StateRow
from publisher.log.releases.release_rows import takes_effect
from schemas.definition.catalogue import Catalogue
from schemas.words import Lang


def describe_view(view: View) -> str:
    """Describe a state for the names of files: ``第3次发布``, ``2015-12-01 截至20160104T010000Z``."""
    if view.release is not None:
        return f"第{view.release}次发布"
    words = [view.as_of.isoformat()] if view.as_of else []
    if view.known_at:
        words.append(f"截至{view.known_at.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    return " ".join(words) or "现行"


class About(msgspec.Struct, frozen=True):
    """One state of one dataset, with the metadata for its files."""

    dataset: Dataset
    catalogue: Catalogue
    view: View
    release: Release | None
    """The pinned release, or else the newest that the state knows; None before the first publication."""
    address: str
    """Absolute address of the dataset."""
    erased: int
    """Number of records of this state that were erased since."""
    lang: Lang = "zh"
    checkpoint: str = ""
    """The first signed checkpoint that covers the release; empty: not yet signed."""
    site: SiteDetails = msgspec.field(default_factory=SiteDetails)
    """Details that the site states of itself; for a release, those when it was published."""

    @property
    def timestamp(self) -> datetime | None:
        """Creation time stored in files: depends on the state only, so that equal states give equal bytes."""
        return self.release.published_at if self.release else None

    @property
    def state(self) -> str:
        """The state as text."""
        return describe_view(self.view)

    def facts(self) -> list[tuple[str, str]]:
        """List (heading, text) of sources, licence and other metadata."""
        d, r = self.dataset, self.release
        pairs = [
            ("数据集 Dataset", d.title),
            ("Title", d.title_en),
            ("状态 State", self.state),
            ("公布机关 Publisher", d.body),
            ("须知 Notice", d.notice),
            ("说明 Description", d.description),
            ("许可 Licence", d.licence),
            ("来源 Source", d.source_note),
            ("联系 Contact", d.contact),
            ("地址 Address", self.address),
            ("网站 Site", self.site.name),
            ("主办单位 Responsible", self.site.owner),
            ("承办单位 Operator", self.site.operator),
        ]
        if r is not None:
            pairs += [
                ("发布编号 Release", str(r.number)),
                ("发布时间 Published", r.published_at.isoformat()),
                ("生效日期 Effective on", r.effective_on.isoformat() if takes_effect(r) else ""),
                ("依据 Basis", r.basis),
                ("发布哈希值 Release hash", r.hash),
            ]
            pairs += [("原始文件 Source file", f"{s.name} (SHA-256 {s.digest})") for s in r.sources]
        if self.erased:
            pairs.append(("依法删除 Erased", f"{self.erased}条记录的内容已依法删除 / records were erased"))
        return [(name, text) for name, text in pairs if text]


type Rows = Callable[[], Iterator[StateRow]]
"""Function that yields the records of the state; can be called repeatedly with the same result."""
type Writer = Callable[[Path, About, Rows], None]


class FileFormat(msgspec.Struct, frozen=True):
    """A format in which states are exported."""

    name: str
    """Name in addresses, for example ``csv``."""
    suffix: str
    media_type: str
    title: str
    write: Writer
    compressible: bool = False
    """Sent with gzip or zstd; other formats are compressed internally."""
    has_checkpoint: bool = False
    """Contains the checkpoint that covers its release."""
    has_headings: bool = False
    """Has headings, in Chinese or English."""
    title_en: str = ""
    """Empty if the title is the same in English."""
