"""The pages on privacy, accessibility and copyright: what the program does, and whom to ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from publisher.log.model import Dataset
from publisher.views.discovery import vocabulary
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.conditional_requests import Validity
from publisher.web.route import Reply

_TITLES: Mapping[str, tuple[str, str]] = {
    "privacy": ("隐私说明", "Privacy"),
    "accessibility": ("无障碍说明", "Accessibility"),
    "copyright": ("版权说明", "Copyright"),
}


def _render(name: str) -> Callable[[Press, Visit], Reply]:
    def legal_notice(press: Press, visit: Visit) -> Reply:
        visit.refuse_parameters()
        datasets = visit.service.log.datasets.all() if name == "copyright" else ()
        title = visit.t(*_TITLES[name])
        who = visit.site.owner or visit.site_name
        head = Head(title, visit.t(f"{who}的{title}", f"{title}: {who}"))

        def build() -> bytes:
            return press.page(f"{name}.html", visit, head, licences=_by_licence(datasets))

        return Reply(Validity((name, datasets)), build, HEADERS)

    return legal_notice


def _by_licence(datasets: Sequence[Dataset]) -> Sequence[tuple[str, str, Sequence[Dataset]]]:
    """Group datasets by licence → (licence, its address or empty, datasets)."""
    groups: dict[str, list[Dataset]] = {}
    for dataset in datasets:
        groups.setdefault(dataset.licence, []).append(dataset)
    return [(text, vocabulary.licence(text) or "", members) for text, members in sorted(groups.items())]


PAGES: Mapping[str, Callable[[Press, Visit], Reply]] = {f"/{name}": _render(name) for name in _TITLES}
