"""Numbers in addresses that no column stores: there is nothing of that number, which is no internal error."""

from __future__ import annotations

import pytest

from tests.support.desk import DeskSite
from tests.support.log import entry, release, stage

LARGE = "9" * 30


@pytest.mark.slow
def test_a_number_that_no_column_stores_is_of_nothing(desk: DeskSite) -> None:
    release(desk.log, entry("甲"))
    stage(desk.log, entry("乙"))
    draft = desk.log.drafts.get("fees")
    assert draft is not None
    sheet = f"/drafts/fees/sheet/rows/{{}}?part=财政局&file={draft.imports[0].token}"
    desk.add("zhang", "填报")
    with desk.signed_in("zhang") as browser:
        for path in ("/releases/fees/{}", "/submissions/{}", "/desk/v1/submissions/{}", sheet):
            for number in (f"-{LARGE}", LARGE, "-1", "9" * 5000):
                assert browser.client.get(path.format(number)).status_code == 404, (path, number)
