"""Steps of an import and of a publication, as their progress names them."""

from __future__ import annotations

READING, DRAFTING, COMPARING, PUBLISHING = (
    "读取 reading",
    "写入草稿 drafting",
    "比较 comparing",
    "发布 publishing",
)
