"""Keywords of lists, for other portals and for search engines."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.log.model import Dataset
from schemas.definition.catalogue import Catalogue
from schemas.reference import administrative_divisions

type Words = tuple[tuple[str, ...], tuple[str, ...]]
"""In Chinese and in English."""

_POWERS: Words = (
    ("行政权力", "行政职权", "简政放权"),
    ("administrative powers", "public administration"),
)
_LICENCES: Words = (
    ("行政许可", "行政审批", "简政放权"),
    ("administrative licensing", "approvals", "deregulation"),
)
_CHARGES: Words = (("收费", "政府非税收入", "财政"), ("fees", "charges", "public finance"))
_SUPPORT: Words = (("小微企业", "扶持政策", "优惠"), ("small enterprises", "subsidies"))
_SUBJECTS: Mapping[str, Words] = {
    "cancelled-items": _LICENCES,
    "discretion-standards": (("行政处罚", "行政裁量权"), ("administrative discretion", "penalties")),
    "fees": _CHARGES,
    "government-funds": (("政府性基金", *_CHARGES[0][1:]), ("government funds", *_CHARGES[1][1:])),
    "intermediary-services": (("中介服务", *_LICENCES[0][1:]), ("intermediary services", "approvals")),
    "investment-approvals": (("企业投资", "核准", "行政审批"), ("investment projects", "approvals")),
    "licence-items": _LICENCES,
    "policies": (("规范性文件", "政策", "政府公文"), ("policy", "official documents")),
    "power-list": _POWERS,
    "pre-approvals": (("企业登记", "市场准入", "行政审批"), ("business registration", "approvals")),
    "qualifications": (("职业资格", "就业", "人才"), ("professional qualifications", "employment")),
    "responsibility-list": (("部门职责", *_POWERS[0]), ("duties of departments", *_POWERS[1])),
    "service-guides": (("政务服务", "办事指南"), ("public services", "guides to procedures")),
    "spot-checks": (("双随机", "市场监管", "行政检查"), ("inspections", "market supervision")),
    "support-policies": _SUPPORT,
    "support-recipients": _SUPPORT,
}
"""By kind of list. Any other has its title and the noun of its records."""


def keywords(dataset: Dataset, catalogue: Catalogue) -> Words:
    """Return the keywords of a list: its kind, the noun of its records, its subjects, and its place."""
    chinese, english = _SUBJECTS.get(catalogue.name, ((), ()))
    place = administrative_divisions.name_of(dataset.division) if dataset.division else None
    own = (catalogue.title, catalogue.item, *chinese, place)
    return (
        tuple(dict.fromkeys(word for word in own if word)),
        tuple(dict.fromkeys((catalogue.title_en, *english))),
    )
