"""Pages of errors, of unknown addresses and of each process."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from publisher.views.pages import error, routes
from publisher.views.pages.printing.templates import Press
from publisher.web import endpoints, problems
from publisher.web.problems import ProblemError
from publisher.web.route import Call, Route
from publisher.web.service import create_service
from tests.publisher.views.pages.conftest import Open
from tests.support.site import HOST, Site


def test_an_address_with_two_slashes_leads_to_no_other_host(visit: Open) -> None:
    page = visit(f"{HOST}//other.example/page")
    assert page.status == 404
    targets = [at[name] for _, at in page.elements for name in ("href", "action") if name in at]
    assert "/other.example/page?lang=en" in targets
    assert not [target for target in targets if target.startswith("//")]


def test_only_a_missing_search_is_called_one(site: Site) -> None:
    service = create_service(site.settings, site.log, site.engine)
    render = error.make_problem_page(Press(), service)
    for kind in problems.KINDS:
        html = render(ProblemError(kind.code), "/", b"")[0].decode()
        assert ("浏览、比较、下载和订阅不受影响" in html) == (kind.code == "search-unavailable"), kind.code


def test_pages_of_every_process_show_the_forms_and_have_an_etag_of_their_own(site: Site) -> None:
    service = create_service(site.settings, site.log, site.engine)  # as in a process for long queries

    def visit(**start: object) -> tuple[str, str]:
        (changes,) = [one for one in routes.routes(Press()) if one.operation.path == "/changes"]
        assert isinstance(changes, Route)
        own = replace(service, start=structs.replace(service.start, **start))
        response = endpoints.answer(changes, own, Call({}, b"", "/changes"), {})
        return response.body.decode(), response.headers["etag"]

    plain = visit()
    forms, mails, restored = (
        visit(takes_corrections=True),
        visit(sends_mail=True),
        visit(missing=2),
    )
    assert "公众纠错" in forms[0]
    assert "订阅变化（邮件、阅读器）" in mails[0]
    assert "尚缺2个日志条目" in restored[0]
    assert len({etag for _, etag in (plain, forms, mails, restored)}) == 4
