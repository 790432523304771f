"""Commitments in the text of a work plan, each with the sentence that it comes from.

A part of a sentence that begins with a verb of work is a commitment, except in sections about aims. Bodies
and deadlines are read only where the sentence states them in full. A text that is not a work plan has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from schemas.cells.deadlines import read_deadline

_PLAN = re.compile(r"(?:工作|实施|行动|改革|推进)?(?:方案|计划|要点)|任务分工|重点任务|分工表|任务书")
_AIMS = re.compile(r"指导思想|总体要求|(?:工作|总体|主要)目标|基本原则|总体思路|适用范围")
_SLOGAN = 4
"""A part without its adverbs that has no more characters is a slogan: 规范收费, 加强监管."""
_LEAST = 3
"""Fewer commitments than these are noise."""

_HEADING = re.compile(r"#+\s*(?P<title>.+)")
_SENTENCES = re.compile(r"(?:[(（][^()（）]*[)）]|[^。；;！\n])+")
_PARTS = re.compile(r"(?:《[^》]*》|[(（][^()（）]*[)）]|[^，,])+")
_LEADS = re.compile(
    r"^(?:(?:第?[一二三四五六七八九十\d]+(?:是|[、.．)）])|[(（][一二三四五六七八九十\d]+[)）])\s*)?"
    r"(?:(?:要|应|应当|须|必须|全面|动态|继续|进一步|抓紧|加快|积极|坚决|及时|适时|逐步|逐项|认真|严格|深入|大力|切实|稳步|"
    r"着力|限期|再|持续|统筹|分类|依法|按时|尽快|主动|扎实|率先)(?:地)?)*"
)
_DELIVERABLES = (
    *("制定", "制订", "编制", "修订", "出台", "印发", "转发", "公布", "公开", "建立", "构建", "建设"),
    *("搭建", "建成", "发布清单", "形成清单", "研究提出", "研究制定", "研究推进", "组织制定"),
    *("取消和下放", "取消下放", "压缩", "调整", "更新", "完善", "明确", "推出", "设立", "成立", "健全"),
)
_ACTIONS = (
    *("组织", "梳理", "清理", "实行", "实施", "进行", "规范", "纠正", "贯彻", "落实", "简化", "整合"),
    *("研究", "做好", "指导", "督促", "加强", "取消", "取缔", "停止", "整顿", "制止", "开展", "查处"),
    *("推进", "推行", "检查", "整改", "运用", "畅通", "通过", "加大", "纳入", "发布", "回应", "完成"),
    *("严禁", "打击", "整治", "下放", "培育"),
)
_RESULTS = re.compile(
    r"^(?:进一步)?(?:提高|提升|实现|确保|形成|营造|促进|强化|充分|为|使|以|以便|解决|破除|凝聚|约束|发挥)"
)
_OBJECT_FIRST = re.compile(
    r"^(?:对|将|把|在|围绕|从)(?P<object>.{2,60}?)(?P<verb>实行|进行|开展|纳入|清理|整改|规范完善|全面梳理|更新)"
)
_ALWAYS = re.compile(r"一律(?:取消|停止执行|由)|纳入(?:绩效|考核|预算)")
_BODIES = re.compile(
    r"[(（](?:牵头单位[:：]?)?(?P<lead>[^()（）；;，,：:]{2,40}?)(?:牵头|负责)(?:[，,；;](?P<others>[^()（）]*?)"
    r"(?:配合|参与|参加|负责|按职责分工负责))?[^()（）]*[)）]|"
    r"[(（]牵头单位[:：](?P<lead2>[^()（）；;]{2,40})(?:[；;]\s*(?:责任|配合)单位[:：](?P<others2>[^()（）；;]+))?[^()（）]*[)）]"
)
_DAY = re.compile(
    r"(?:19|20)\d\d年(?:第?[一二三四1-4]季度|[上下]半年|\d{1,2}月(?:\d{1,2}[日号])?)?(?:底|末)?(?:以?前|之前)"
)


type CommitmentKind = Literal["成果", "行动"]
"""A deliverable, or an action."""


class ProposedCommitment(msgspec.Struct, frozen=True):
    """A commitment that a clerk may accept. A field that the sentence does not state is blank."""

    section: str
    task: str
    kind: CommitmentKind
    sentence: str
    lead: str = ""
    supporting: str = ""
    deadline: str = ""


def propose_commitments(title: str, markdown: str) -> list[ProposedCommitment]:
    """Read the commitments of a document; none if it is not a work plan."""
    if not _PLAN.search(title):
        return []
    proposals = list(_read_sections(markdown))
    return proposals if len(proposals) >= _LEAST else []


def _read_sections(markdown: str) -> Iterator[ProposedCommitment]:
    sections: dict[int, str] = {}
    for line in markdown.splitlines():
        heading = _HEADING.fullmatch(line.strip())
        if heading:
            level = len(line) - len(line.lstrip("#"))
            sections = {k: v for k, v in sections.items() if k < level} | {
                level: heading["title"].strip("。")
            }
            continue
        is_body = any(level > 1 for level in sections) or not sections
        if is_body and not any(map(_AIMS.search, sections.values())):
            for sentence in _SENTENCES.findall(line):
                yield from _read_sentence(sections[max(sections)] if sections else "", sentence.strip())


def _read_sentence(section: str, sentence: str) -> Iterator[ProposedCommitment]:
    bodies = _BODIES.search(sentence)
    tasks = list(_tasks(_BODIES.sub("", sentence)))
    # In a sentence with several tasks, only a day in the brackets after them is the deadline of all.
    days = _DAY.findall(bodies[0] if bodies and len(tasks) > 1 else sentence)
    is_certain = len(days) == 1 and (len(tasks) == 1 or bodies is not None)
    deadline = read_deadline(days[0]) if is_certain else None
    for task, kind in tasks:
        yield ProposedCommitment(
            section,
            task,
            kind,
            sentence,
            lead=((bodies["lead"] or bodies["lead2"] or "") if bodies else "").strip(),
            supporting=((bodies["others"] or bodies["others2"] or "") if bodies else "").strip(),
            deadline=deadline.value if deadline else "",
        )


def _tasks(sentence: str) -> Iterator[tuple[str, CommitmentKind]]:
    for match in _PARTS.finditer(sentence):
        part = match[0].strip()
        core = _LEADS.sub("", part, count=1)
        if _ALWAYS.search(part):
            yield part, "行动"
        elif _RESULTS.match(part) or len(core) <= _SLOGAN:
            continue
        elif core.startswith(_DELIVERABLES):
            yield part, "成果"
        elif core.startswith(_ACTIONS) or _OBJECT_FIRST.match(part):
            yield part, "行动"
