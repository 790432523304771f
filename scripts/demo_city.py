"""Write the lists of powers and licences of 示例市: ``python -m scripts.demo_city FOLDER``.

``FOLDER`` contains published 权责清单 of a city's departments. Only facts are taken: names of items and
sub-items, types, and the statutes and articles that they cite. Quoted text, places, bodies, offices and
people are not taken; items that name a place are left out. Time limits, offices and the quarterly changes
are made up, always in the same way: they follow from a digest of the item's name.
"""

from __future__ import annotations

import csv
import hashlib
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue

SAMPLE = Path(__file__).resolve().parents[1] / "publisher" / "sample"
TARGET = SAMPLE / "data" / "shili" / "city"
FIRST_LICENCES = SAMPLE / "sheets" / "示例市行政许可事项清单（2024年1月）.csv"
HEADER = (
    *("序号", "事项名称", "子项名称", "权力类型", "实施依据", "行使主体", "承办机构"),
    *("实施层级", "法定办结时限", "承诺办结时限"),
)
LICENCE_HEADER = ("序号", "中央主管部门", "许可事项名称", "实施机关", "设定和实施依据")
NOTICES = {
    "2024年10月": ("示政发〔2024〕30号", "2024年9月20日"),
    "2025年1月": ("示政发〔2024〕42号", "2024年12月20日"),
    "2025年4月": ("示政发〔2025〕8号", "2025年3月20日"),
    "2025年7月": ("示政发〔2025〕19号", "2025年6月20日"),
    "2025年10月": ("示政发〔2025〕27号", "2025年9月19日"),
    "2026年1月": ("示政发〔2025〕41号", "2025年12月19日"),
}
"""Quarter → number and day of the document by which the city changes its lists."""

ELSEWHERE = re.compile(
    "新疆|自治区|自治州|克拉玛依|兵团|地州|县市|进疆|来疆|天山|塔里木|叶尔羌|独山子|石油天然气|甘草"
)
LONGEST_NAME = 50
"""Characters."""
ENFORCEMENT_TYPES = ("行政处罚", "行政强制", "行政检查")
"""Types of which a department has hundreds: only some are taken."""

_HEAD = re.compile(
    r"(?:^|】)\s*《([^《》]*(?:〈[^〉]*〉[^《》]*)*)》((?:\s*[（(][^）)]*[）)])*)", re.MULTILINE
)
_ARTICLE = re.compile(r"^\s*第([零一二三四五六七八九十百]+条|[0-9]+项)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Department:
    name: str
    source: str
    """Part of the name of its workbook."""
    enforcement_count: int
    """Number of penalties, inspections and measures of force that are taken."""
    offices: tuple[str, str]
    """Office for applications, office for inspections and penalties."""
    revisions: tuple[str, ...] = ()
    """Quarters in which it hands in a changed list."""


DEPARTMENTS = (
    Department(
        "交通运输局", "交通运输", 30, ("行政审批科", "交通运输综合行政执法支队"), ("2024年10月", "2025年10月")
    ),
    Department(
        "人力资源和社会保障局",
        "人力资源",
        28,
        ("行政审批科", "劳动保障监察支队"),
        ("2024年10月", "2026年1月"),
    ),
    Department(
        "住房和城乡建设局", "住房和城乡", 28, ("行政审批科", "建筑市场监管科"), ("2025年1月", "2026年1月")
    ),
    Department(
        "文化广电和旅游局",
        "文化体育",
        26,
        ("行政审批科", "文化市场综合行政执法支队"),
        ("2025年1月", "2025年7月"),
    ),
    Department("农业农村局", "农业农村", 28, ("行政审批科", "农业综合行政执法支队"), ("2025年4月",)),
    Department(
        "生态环境局",
        "生态环境",
        28,
        ("行政审批科", "生态环境保护综合行政执法支队"),
        ("2025年4月", "2025年10月"),
    ),
    Department("发展和改革委员会", "发展和改革", 16, ("行政审批科", "价格与收费监督科"), ("2025年7月",)),
    Department("林业和草原局", "林业和草原", 14, ("行政审批科", "森林资源保护科"), ("2025年7月",)),
    Department("财政局", "财政局", 10, ("金融服务科", "财政监督科"), ("2025年10月",)),
    Department("档案局", "档案局2024年权责清单.xlsx", 3, ("档案业务科", "政策法规科"), ()),
    Department("机关事务管理局", "机关事务", 4, ("资产管理科", "公共机构节能科"), ()),
)


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    sub_name: str
    kind: str
    basis: str
    statutory: int | None = None
    """Statutory limit in working days."""
    promised: int | None = None
    """Promised limit in working days."""

    @property
    def digest(self) -> str:
        return hashlib.sha256((self.name + self.sub_name).encode()).hexdigest()


@dataclass(slots=True)
class Edition:
    """One list that a department hands in, and how it differs from the one before."""

    quarter: str
    items: list[Item]
    added: list[Item] = field(default_factory=list)
    removed: list[Item] = field(default_factory=list)
    shortened: list[Item] = field(default_factory=list)


def main(arguments: Sequence[str]) -> None:
    (folder,) = arguments
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.glob("*权责清单*.csv"):
        old.unlink()
    editions = {d: make_editions(read_items(Path(folder), d), d.revisions) for d in DEPARTMENTS}
    for department, department_editions in editions.items():
        body = f"示例市{department.name}"
        for edition in department_editions:
            rows = _power_rows(edition.items, body, department.offices)
            _write(TARGET / f"{body}权责清单（{edition.quarter}）.csv", HEADER, rows)
    for quarter, (number, day) in NOTICES.items():
        (TARGET / f"{number}.txt").write_text(_notice(editions, quarter, number, day), encoding="utf-8")
    licences = _licence_rows(editions)
    _write(TARGET / "示例市行政许可事项清单（2025年1月）.csv", LICENCE_HEADER, licences)
    powers = sum(len(first.items) for first, *_ in editions.values())
    print(f"{powers} powers, {len(licences)} licences")


def read_items(folder: Path, department: Department) -> list[Item]:
    """Read the items of a department that any city could have, in the order of the list."""
    (path,) = (path for path in folder.iterdir() if department.source in path.name)
    reading = read_file(path.read_bytes(), name=path.name, catalogue=load_catalogue("power-list"))
    items: dict[tuple[str, str], Item] = {}
    for record in reading.records:
        content = {name: str(value) for name, value in record.content.items()}
        item = Item(
            _tidy(content["name"]),
            re.sub(r"^[0-9]+[.．、]", "", _tidy(content.get("sub_name", ""))),
            content.get("power_type", ""),
            cite(content.get("basis", "")),
        )
        is_complete = item.kind and item.basis and len(item.name) <= LONGEST_NAME
        if (
            is_complete
            and "县" not in content.get("level", "")
            and not ELSEWHERE.search(item.name + item.sub_name)
        ):
            items.setdefault((item.name, item.sub_name), _with_limits(item))
    enforcement_items = sorted(
        (i for i in items.values() if i.kind in ENFORCEMENT_TYPES), key=lambda i: (len(i.name) > 32, i.digest)
    )
    chosen = set(enforcement_items[: department.enforcement_count])
    return [item for item in items.values() if item.kind not in ENFORCEMENT_TYPES or item in chosen]


def cite(text: str) -> str:
    """List the statutes and articles of a basis without the quoted text; statutes of a place are left out."""
    heads = list(_HEAD.finditer(text))
    bases: dict[str, list[str]] = {}
    for head, following in zip_longest(heads, heads[1:]):
        title = _tidy(head[1])
        quoted = text[head.end() : following.start() if following else len(text)]
        articles = [f"第{article}" for article in _ARTICLE.findall(quoted)]
        if not ELSEWHERE.search(title) and articles:
            bases.setdefault(title, []).extend(articles)
    return "；".join(
        f"《{title}》{'、'.join(list(dict.fromkeys(articles))[:3])}"
        for title, articles in list(bases.items())[:3]
    )


def make_editions(items: list[Item], revisions: tuple[str, ...]) -> list[Edition]:
    """Return the first list and the changed ones: each adds an item, lacks one, and has shorter limits."""
    order = sorted(items, key=lambda item: item.digest)
    minor = [
        item for item in order if item.kind in ("行政奖励", "行政检查", "其他行政权力") and not item.sub_name
    ]
    limited = [item for item in order if (item.promised or 0) > 2 and item.kind == "行政许可"]
    added, removed = minor[: len(revisions)], minor[len(revisions) : 2 * len(revisions)]
    editions = [Edition("2024年1月", [item for item in items if item not in added])]
    shorter: dict[Item, Item] = {}
    for number, quarter in enumerate(revisions):
        shortened = limited[number * 3 : number * 3 + 3]
        shorter |= {item: replace(item, promised=(item.promised or 2) // 2) for item in shortened}
        absent = {*added[number + 1 :], *removed[: number + 1]}
        edition_items = [shorter.get(item, item) for item in items if item not in absent]
        editions.append(
            Edition(
                quarter, edition_items, added[number : number + 1], removed[number : number + 1], shortened
            )
        )
    return editions


def _with_limits(item: Item) -> Item:
    if item.kind in ENFORCEMENT_TYPES or item.kind == "行政奖励":
        return item
    statutory = {"行政许可": 20, "行政裁决": 60}.get(item.kind, 30)
    return replace(item, statutory=statutory, promised=(5, 7, 10, 12, 15)[int(item.digest, 16) % 5])


def _power_rows(items: Iterable[Item], body: str, offices: tuple[str, str]) -> Iterable[tuple[object, ...]]:
    for number, item in enumerate(items, 1):
        limits = ("" if days is None else f"{days}工作日" for days in (item.statutory, item.promised))
        office = offices[item.kind in ENFORCEMENT_TYPES]
        yield (number, item.name, item.sub_name, item.kind, item.basis, body, office, "市级", *limits)


def _licence_rows(editions: Mapping[Department, list[Edition]]) -> list[tuple[object, ...]]:
    """Return the first licences of the city, which are made up, and those of the lists of powers."""
    with FIRST_LICENCES.open(encoding="utf-8", newline="") as file:
        rows = {row[2]: tuple(row[1:5]) for row in list(csv.reader(file))[2:]}
    for department, (first, *_) in editions.items():
        for item in first.items:
            if item.kind == "行政许可":
                rows.setdefault(item.name, ("", item.name, f"示例市{department.name}", item.basis))
    return [(number, *row) for number, row in enumerate(rows.values(), 1)]


def _notice(editions: Mapping[Department, list[Edition]], quarter: str, number: str, day: str) -> str:
    """Return the document that announces the changes of a quarter."""
    changed = {d: e for d, (_, *later) in editions.items() for e in later if e.quarter == quarter}
    bodies = "、".join(f"市{department.name}" for department in changed)
    lines = [
        f"示例市人民政府关于调整{bodies}权责清单的通知",
        number,
        "各区人民政府，市政府各部门：",
        f"经市政府研究，决定调整{bodies}的权责清单，现通知如下。",
    ]
    for numeral, verb, items in (
        ("一", "新增", [item for e in changed.values() for item in e.added]),
        ("二", "不再列入", [item for e in changed.values() for item in e.removed]),
        ("三", "压缩承诺办结时限的", [item for e in changed.values() for item in e.shortened]),
    ):
        names = "；".join(item.sub_name or item.name for item in items)
        lines.append(f"{numeral}、{verb}事项共{len(items)}项：{names}。")
    lines += [f"四、本通知自{quarter}1日起施行。", "示例市人民政府", day]
    return "\n".join(lines) + "\n"


def _tidy(text: str) -> str:
    return re.sub(r"\s+", "", text).replace("(", "（").replace(")", "）").replace(",", "，")


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
