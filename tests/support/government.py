"""Pages of a government site: notices, lists, paging, robots.txt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.support.servers.loopback import Answer, Loopback

TEXT = (
    "为深入推进简政放权、放管结合、转变政府职能工作，加快建设法治政府、创新政府、廉洁政府和服务型政府，"
    "结合我市实际，现就第{n}批行政审批事项的清理工作作出如下安排，请各部门按照职责分工认真贯彻执行，"
    "并于每季度末将进展情况报送市政府办公室。各县区要参照本通知精神，抓紧制定本地区的工作措施。"
)


def letter(n: int, *, text: str = TEXT, year: int = 2015) -> tuple[str, str, list[str]]:
    """Title, number and paragraphs of a notice."""
    title = f"鞍山市人民政府关于第{n}批清理行政审批事项的通知"
    body = ["各县(市)区人民政府，市政府各部门：", text.format(n=n)]
    body += ["一、总体要求", f"第{n}批事项清理工作应当依法进行。", "二、工作措施", "各部门要按时完成。"]
    return title, f"鞍政发〔{year}〕{n}号", [*body, "鞍山市人民政府", f"{year}年3月{n % 28 + 1}日"]


def page(n: int, *, head: str = "", extra: str = "", text: str = TEXT, number: str | None = None) -> str:
    title, own, body = letter(n, text=text)
    lines = "".join(f"<p>{line}</p>" for line in body)
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title>{head}</head><body>'
        f'<div class="nav"><a href="/">首页</a> <a href="/zwgk/">政务公开</a></div><h1>{title}</h1>'
        f"<p>信息来源：鞍山市人民政府 发布时间：2015-04-01</p>"
        f'<div class="TRS_Editor"><p>{own if number is None else number}</p>{lines}{extra}</div>'
        "<p>打印本页 关闭窗口</p></body></html>"
    )


def html(text: str, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(text.encode(), headers={"Content-Type": "text/html; charset=utf-8", **(headers or {})})


def listing(items: Sequence[tuple[str, str, str]], *, more: str = "") -> Answer:
    """Build a list page; ``items``: address, title, day."""
    rows = "".join(f'<li><a href="{url}">{title}</a><span>{day}</span></li>' for url, title, day in items)
    return html(f"<html><body><ul>{rows}</ul>{more}</body></html>")


def publish(site: Loopback, *numbers: int) -> None:
    """Publish documents at ``/d/N.html``, and a list of them at ``/list.html``."""
    for n in numbers:
        site.answers[f"/d/{n}.html"] = html(page(n))
    site.answers["/list.html"] = listing([(f"/d/{n}.html", letter(n)[0], f"2015-04-{n:02}") for n in numbers])
