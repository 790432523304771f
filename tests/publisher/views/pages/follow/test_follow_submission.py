"""Answers to the form of the e-mail."""

from __future__ import annotations

from pathlib import Path

from tests.publisher.notify.mail_site import ALL, open_mail_site


def test_the_page_of_a_refused_form_has_the_name_of_the_site(tmp_path: Path) -> None:
    """The process had served no page before, and so knew no name."""
    with open_mail_site(tmp_path) as mails:
        mails.site.log.datasets.change_site(name="示例市清单公开")
        answer = mails.post("/follow", {"feed": ALL, "email": "nobody", "pace": "at-once"})
        assert answer.status_code == 422
        assert "示例市清单公开</title>" in answer.text
