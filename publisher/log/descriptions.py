"""Details that a site states of itself."""

from __future__ import annotations

import msgspec
from msgspec import structs


class SiteDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Details of the site that its pages, its data catalog and its feeds state. Empty: not stated."""

    name: str = ""
    """Name of the site, such as 示例市人民政府清单公开."""
    name_en: str = ""
    owner: str = ""
    """主办单位。"""
    operator: str = ""
    """承办单位。"""
    contact: str = ""
    corrections: str = ""
    """纠错地址: where readers report mistakes, if the site has no form."""
    code: str = ""
    """网站标识码。"""
    icp: str = ""
    """ICP 备案号."""
    police: str = ""
    """公安备案号."""

    def at_release(self, then: SiteDetails) -> SiteDetails:
        """Return these details with the names that the site stated on the day of a release, if it did."""
        if not then.name:
            return self
        own = {name: getattr(then, name) for name in ("name", "name_en", "owner", "operator")}
        return structs.replace(self, **own)
