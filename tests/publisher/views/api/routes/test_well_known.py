"""What programs look for below /.well-known."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.support.problems import assert_problem
from tests.support.site import BASE, Site, four_releases


@pytest.mark.slow
def test_the_api_catalog_names_definitions_that_answer(site: Site) -> None:
    answer = site.client.get("/.well-known/api-catalog")
    assert answer.headers["content-type"].startswith("application/linkset+json")
    links = answer.json()["linkset"]
    assert {link["anchor"] for link in links} == {f"{BASE}/v1", f"{BASE}/ogc"}
    targets = [t["href"] for link in links for rel in link if rel != "anchor" for t in link[rel]]
    assert len(targets) == 6
    for target in targets:
        assert site.client.get(target.removeprefix(BASE)).status_code == 200, target


def test_security_txt_is_the_contact_of_the_site_and_expires(tmp_path: Path) -> None:
    with four_releases(tmp_path) as site:
        path = "/.well-known/security.txt"
        assert_problem(site.client.get(path), "no-such-route")
        site.log.datasets.change_site(contact="技术科（https://example.gov.cn/a）, security@example.gov.cn")
        text = site.client.get(path).text
        assert text.startswith("Contact: mailto:security@example.gov.cn\nContact: https://example.gov.cn/a\n")
        lines = dict(line.split(": ", 1) for line in text.splitlines())
        assert lines["Canonical"] == f"{BASE}{path}"
        left = datetime.fromisoformat(lines["Expires"]) - site.clock.now
        assert 27 <= left.days <= 62
