"""Needs of readers, and the kinds of list that meet them."""

from __future__ import annotations

import msgspec


class Need(msgspec.Struct, frozen=True):
    name: str
    """Fragment of the address of its section on the home page."""
    title: str
    title_en: str
    catalogues: frozenset[str]
    """Names of kinds of list."""


NEEDS = (
    Need("charges", "收费", "Charges", frozenset({"fees", "government-funds"})),
    Need(
        "permits",
        "许可与权责",
        "Permits and powers",
        frozenset(
            {
                *("power-list", "responsibility-list", "licence-items", "pre-approvals"),
                *("investment-approvals", "qualifications", "discretion-standards", "spot-checks"),
            }
        ),
    ),
    Need("guides", "办事指南", "Service guides", frozenset({"service-guides"})),
    Need("intermediary", "中介服务", "Intermediary services", frozenset({"intermediary-services"})),
    Need("cancelled", "取消下放", "Cancelled and delegated", frozenset({"cancelled-items"})),
    Need(
        "documents",
        "文件与政策",
        "Documents and policies",
        frozenset({"policies", "support-policies", "support-recipients"}),
    ),
)
OTHER = Need("other", "其他", "Other", frozenset())
"""For lists that only checks need, such as repealed statutes, and for kinds that a site defined itself."""


def need_of(catalogue: str) -> Need:
    """Return the need that a kind of list meets."""
    return next((need for need in NEEDS if catalogue in need.catalogues), OTHER)
