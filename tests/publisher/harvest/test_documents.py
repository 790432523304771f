"""Attachments of documents, and links between documents: 废止, 解读."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest

from publisher.ingest.findings.files import TOO_LARGE
from publisher.ingest.formats.errors import ReaderError
from tests.publisher.harvest.conftest import DATASET, Collector, codes, make_due
from tests.publisher.ingest.formats.test_ofd import file as ofd
from tests.support.command import create_arguments, item, xls, xlsx
from tests.support.government import html, letter, listing, page, publish
from tests.support.servers.loopback import Answer

POWER = "shili-power-list"


PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
    b" /Resources << /Font << /F1 5 0 R >> >> >>"
)


def pdf(text: str = "") -> bytes:
    """Build a PDF of one page in Helvetica; without text it looks like a scan."""
    content = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode() if text else b""
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        PAGE,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (n, part) for n, part in enumerate(parts, start=1))
    return b"%PDF-1.4\n" + body + b"trailer << /Root 1 0 R /Size 6 >>\n%%EOF\n"


def word(*texts: str) -> bytes:
    file = docx.Document()
    for text in texts:
        file.add_paragraph(text)
    data = io.BytesIO()
    file.save(data)
    return data.getvalue()


def attach(collector: Collector, **files: bytes) -> None:
    """Publish one document that links to these files; ``a_pdf`` is ``a.pdf``."""
    publish(collector.web, 1)
    names = {key.replace("_", "."): data for key, data in files.items()}
    links = "".join(f'<p><a href="/files/{name}">附件：{name.split(".")[0]}</a></p>' for name in names)
    collector.web.answers["/d/1.html"] = html(page(1, extra=links))
    for name, data in names.items():
        collector.web.answers[f"/files/{name}"] = Answer(data)


@pytest.mark.slow
def test_the_text_of_attachments_becomes_part_of_the_document(collector: Collector) -> None:
    attach(collector, rules_pdf=pdf("Rules of the notice"), plan_docx=word("实施方案", "分三步实施。"))
    report = collector.collect()
    assert (report["attachments"], report["findings"]) == (2, [])
    (content,) = collector.draft()
    base = collector.web.base
    assert [(one["name"], one["url"]) for one in content["attachments"]] == [
        ("rules", f"{base}/files/rules.pdf"),
        ("plan", f"{base}/files/plan.docx"),
    ]
    assert "Rules of the notice" in content["body_markdown"]
    assert "分三步实施。" in content["body_markdown"]
    assert content["outline"][-2:] == ["附件：rules", "附件：plan"]


@pytest.mark.slow
def test_personal_data_of_a_document_and_its_attachments_is_reported_once(collector: Collector) -> None:
    attach(collector, plan_docx=word("联系人李某，13900139000"))
    answer = collector.web.answers["/d/1.html"]
    assert isinstance(answer, Answer)
    text = answer.body.decode().replace("二、工作措施", "联系人张某，13800138000")
    collector.web.answers["/d/1.html"] = html(text)
    report = collector.collect()
    assert codes(report) == ["personal-data"] * 2
    assert {one["found"] for one in report["findings"]} == {"138******00", "139******00"}


@pytest.mark.slow
def test_a_document_says_where_the_text_of_an_attachment_was_cut(collector: Collector) -> None:
    attach(collector, plan_docx=word("一" * 150_000, "二" * 60_000))
    collector.collect()
    (content,) = collector.draft()
    assert content["body_markdown"].endswith("一\n\n（附件文字超过200,000字，其余未收入，见原文件。）")


@pytest.mark.slow
def test_the_text_of_ofd_becomes_part_of_the_document_and_a_scanned_one_is_flagged(
    collector: Collector,
) -> None:
    attach(collector, plan_ofd=ofd([("60 20 90 8", "实施方案")]), scan_ofd=ofd([]))
    report = collector.collect()
    assert codes(report) == ["pdf-scanned"]
    assert "OFD" in report["findings"][0]["message_zh"]
    (content,) = collector.draft()
    assert "# 附件：plan\n\n实施方案" in content["body_markdown"]
    assert [one["media_type"] for one in content["attachments"]] == ["application/ofd"] * 2


@pytest.mark.slow
def test_a_scanned_pdf_is_flagged_and_a_broken_or_bursting_one_stops_nothing(collector: Collector) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(64 << 20))
    attach(
        collector,
        scan_pdf=pdf(),
        broken_pdf=b"%PDF-1.7 garbage",
        old_rar=b"Rar!\x1a\x07\x00",
        bomb_docx=bomb.getvalue(),
    )
    report = collector.collect()
    assert report["read"] == 1
    assert {"pdf-scanned", "file-damaged", "file-is-archive", "file-expands-too-much"} == set(codes(report))
    assert {finding["severity"] for finding in report["findings"]} == {"warning"}


@pytest.mark.slow
def test_an_attached_workbook_goes_to_the_importer_as_a_draft_and_names_its_evidence(
    collector: Collector, tmp_path: Path
) -> None:
    collector.site.ok(*create_arguments(POWER, "power-list"))
    book = xlsx(tmp_path / "book.xlsx", [item("危险化学品经营许可")]).read_bytes()
    attach(collector, list_xlsx=book)
    collector.write(collector.source(tables=[POWER]))
    report = collector.collect()
    assert report["tables"] == 1
    draft = collector.site.ok("draft", "show", POWER, "--json").json
    (imported,) = draft["imports"]
    assert imported["records"] == 1
    assert imported["source"]["url"] == f"{collector.web.base}/files/list.xlsx"
    collector.site.ok("publish", POWER, "--effective-on", "2015-12-01", "--basis", "示政发〔2015〕1号")
    evidence = collector.site.ok("evidence", "危险化学品经营许可", "--dataset", POWER, "--json").json
    assert [one["url"] for one in evidence["pages"]] == [f"{collector.web.base}/files/list.xlsx"]


@pytest.mark.slow
def test_an_attached_workbook_does_not_replace_another_file_in_the_draft(
    collector: Collector, tmp_path: Path
) -> None:
    collector.site.ok(*create_arguments(POWER, "power-list"))
    books = {f"list{n}_xlsx": xlsx(tmp_path / f"{n}.xlsx", [item(f"事项{n}")]).read_bytes() for n in (1, 2)}
    attach(collector, **books)
    collector.write(collector.source(tables=[POWER]))
    report = collector.collect()
    assert report["tables"] == 1
    (refused,) = [one for one in report["findings"] if one["code"] == "attachment-not-staged"]
    assert refused["file"].endswith("list2.xlsx")
    assert "list1.xlsx" in refused["message_zh"]
    (imported,) = collector.site.ok("draft", "show", POWER, "--json").json["imports"]
    assert imported["source"]["url"].endswith("list1.xlsx")
    changed = xlsx(tmp_path / "changed.xlsx", [item("事项1"), item("事项3")]).read_bytes()
    collector.web.answers["/files/list1.xlsx"] = Answer(changed)
    make_due(collector)
    assert collector.collect()["tables"] == 1  # a newer state of the same file replaces it
    (imported,) = collector.site.ok("draft", "show", POWER, "--json").json["imports"]
    assert imported["records"] == 2


@pytest.mark.slow
def test_files_served_by_a_script_are_attachments_and_their_format_is_recognised_by_content(
    collector: Collector, tmp_path: Path
) -> None:
    collector.site.ok(*create_arguments(POWER, "power-list"))
    book = xls(tmp_path / "book.xls", [item("危险化学品经营许可")]).read_bytes()
    web = collector.web
    files = {
        "/module/download/downfile.jsp?classid=0&filename=a.docx": ("附件1", word("分三步实施。")),
        "/download/9": ("附件2：任务分工.docx", word("各部门分工。")),
        "/files/list.doc": ("附件3：权力清单", book),  # a workbook with the file name of a document
    }
    links = "".join(f'<p><a href="{path}">{words}</a></p>' for path, (words, _) in files.items())
    publish(web, 1)
    web.answers["/d/1.html"] = html(page(1, extra=links))
    web.answers |= {path: Answer(data) for path, (_, data) in files.items()}
    collector.write(collector.source(tables=[POWER]))
    report = collector.collect()
    assert (report["attachments"], report["tables"], report["findings"]) == (3, 1, [])
    (content,) = collector.draft()
    assert "分三步实施。" in content["body_markdown"]
    assert "各部门分工。" in content["body_markdown"]
    assert [one["name"] for one in content["attachments"]] == ["附件1", "任务分工.docx", "权力清单"]


@pytest.mark.slow
def test_an_attachment_of_two_documents_belongs_to_both_and_one_that_is_taken_off_the_page_to_none(
    collector: Collector,
) -> None:
    link, plan = "<p><a href='/files/{0}'>附件：{0}</a></p>", Answer(word("分三步实施。"))
    web = collector.web
    publish(web, 1, 2)
    web.answers |= {"/files/plan.docx": plan, "/files/old.docx": Answer(word("旧方案。"))}
    both = link.format("plan.docx") + link.format("old.docx")
    web.answers["/d/1.html"] = html(page(1, extra=both))
    web.answers["/d/2.html"] = html(page(2, extra=link.format("plan.docx")))
    collector.collect()
    first, second = collector.draft()
    assert [one["name"] for one in first["attachments"]] == ["plan.docx", "old.docx"]
    assert second["attachments"] == first["attachments"][:1]
    assert "分三步实施。" in second["body_markdown"]
    collector.publish()
    web.answers["/d/1.html"] = html(page(1, extra=link.format("plan.docx")))
    make_due(collector)
    collector.collect()
    (changed,) = collector.draft()
    assert [one["name"] for one in changed["attachments"]] == ["plan.docx"]
    assert "旧方案" not in changed["body_markdown"]


@pytest.mark.slow
def test_a_document_that_cannot_be_read_any_more_does_not_stop_the_run_when_its_attachment_comes(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach(collector, rules_pdf=pdf("First rules"))
    collector.collect()
    collector.web.answers["/files/rules.pdf"] = Answer(pdf("Second rules"))
    make_due(collector)

    def refuse(*_arguments: object, **_words: object) -> None:
        raise ReaderError(TOO_LARGE, "limit")

    monkeypatch.setattr("publisher.harvest.extraction.run_limited", refuse)
    assert sorted(codes(collector.collect())) == ["file-too-large", "source-changed"]
    assert "First rules" in collector.draft()[0]["body_markdown"]


@pytest.mark.slow
def test_a_page_with_endless_attachments_or_text_is_cut_or_refused_and_reported(collector: Collector) -> None:
    publish(collector.web, 1, 2)
    links = "".join(f'<a href="/f/{n}.docx">附件{n}</a>' for n in range(250))
    collector.web.answers["/d/1.html"] = html(page(1, extra=links))
    collector.web.answers["/d/2.html"] = html(page(2, extra="<p>各部门要按时完成。</p>" * 300_000))
    report = collector.collect()
    findings = {(one["code"], one["file"].rpartition("/")[2]) for one in report["findings"]}
    assert findings >= {("attachments-cut", "1.html"), ("file-too-large", "2.html")}
    assert report["read"] == 1
    assert len(collector.draft()[0]["attachments"]) == 200


def test_a_table_that_fits_no_dataset_is_reported_and_stored(collector: Collector) -> None:
    collector.site.ok(*create_arguments(POWER, "power-list"))
    attach(collector, names_csv="姓名,电话\n张三,1\n".encode())
    collector.write(collector.source(tables=[POWER]))
    assert codes(collector.collect()) == ["attachment-not-taken"]


@pytest.mark.slow
def test_a_changed_attachment_is_noticed_and_read_again(collector: Collector) -> None:
    attach(collector, rules_pdf=pdf("First rules"))
    collector.collect()
    collector.publish()
    collector.web.answers["/files/rules.pdf"] = Answer(pdf("Second rules, longer"))
    make_due(collector)
    report = collector.collect()
    assert codes(report) == ["source-changed"]
    assert "Second rules" in collector.draft()[0]["body_markdown"]
    collector.publish()
    changes = collector.site.ok("changes", DATASET, "--release", 2, "--json").json
    assert [(one["kind"], one["cause"]) for one in changes] == [("changed", "source")]


@pytest.mark.slow
def test_an_interpretation_names_what_it_explains(collector: Collector) -> None:
    web = collector.web
    publish(web, 1)
    title = f"《{letter(1)[0]}》解读"
    body = f"<p>近日，市政府印发了《{letter(1)[0]}》（鞍政发〔2015〕1号），现就有关内容解读如下。</p>"
    web.answers["/d/2.html"] = html(f"<html><body><h1>{title}</h1><div id='zoom'>{body}</div></body></html>")
    web.answers["/list.html"] = listing([("/d/1.html", letter(1)[0], ""), ("/d/2.html", title, "")])
    collector.collect()
    explaining = next(one for one in collector.draft() if one["title"] == title)
    assert explaining["explains"] == [f"《{letter(1)[0]}》", "鞍政发〔2015〕1号"]


@pytest.mark.slow
def test_two_pages_of_one_title_without_a_number_are_two_documents(collector: Collector) -> None:
    cases = Path(__file__).parents[1] / "ingest" / "documents" / "cases"
    addresses = []
    for letter_of_page in "ab":
        address = f"/d/{letter_of_page}.html"
        source = (cases / f"r21_same_title_{letter_of_page}.html").read_text("utf-8")
        collector.web.answers[address] = html(source)
        addresses.append((address, "行政处罚信息公开表", "2026-01-04"))
    collector.web.answers["/d/other.html"] = html(page(1))
    addresses.append(("/d/other.html", letter(1)[0], "2026-01-04"))
    collector.web.answers["/list.html"] = listing(addresses)
    collector.collect()
    bodies = [str(document["body_markdown"]) for document in collector.draft()]
    assert len(bodies) == 3
    assert sorted(body[:3] for body in bodies if "特此公开" in body) == ["乙公司", "甲公司"]
    collector.publish()
    make_due(collector)
    collector.collect()
    assert collector.draft() == []
