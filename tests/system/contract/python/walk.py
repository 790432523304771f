"""A program that uses generated clients: reads all pages as typed records, a file and a feed.

Checked by mypy --strict together with the generated code, then run: ``python walk.py ADDRESS``.
"""

from __future__ import annotations

import datetime as dt
import sys
from urllib.parse import parse_qs, urlsplit

from fees_client import Client
from fees_client.api.files import get_file
from fees_client.api.records import get_record, list_records
from fees_client.models import GetFileForm, Problem, RecordItem, Records
from fees_client.types import UNSET, File, Unset
from v1_client import Client as SiteClient
from v1_client.api.feeds import get_atom_feed


def walk(client: Client) -> list[RecordItem]:
    records: list[RecordItem] = []
    cursor: str | Unset = UNSET
    while True:
        page = list_records.sync(client=client, limit=1, cursor=cursor)
        assert isinstance(page, Records)
        records += page.records
        if page.links.next_ is None:
            assert page.total == len(records)
            return records
        (cursor,) = parse_qs(urlsplit(page.links.next_).query)["cursor"]


def main(address: str) -> None:
    client = Client(base_url=address, raise_on_unexpected_status=True)
    records = walk(client)
    names: list[str | Unset] = [record.content.name for record in records]
    since: list[dt.date] = [record.effective_from for record in records]
    assert all(isinstance(name, str) for name in names)
    assert all(isinstance(day, dt.date) for day in since)
    for management in (["缴入地方国库"], ["缴入地方国库", "缴入财政专户"]):
        chosen = list_records.sync(client=client, management=management)
        assert isinstance(chosen, Records)
        assert {record.content.management for record in chosen.records} == set(management)
    refused = get_record.sync(client=client, record="nothing")
    assert isinstance(refused, Problem)
    assert refused.type_.endswith("/problems/no-such-record")
    file = get_file.sync(client=client, form=GetFileForm.CSV)
    assert isinstance(file, File)
    assert len(file.payload.read().splitlines()) == len(records) + 1
    # This generator has no type for XML, so the feed is read as bytes.
    feed = get_atom_feed.sync_detailed(client=SiteClient(base_url=address), dataset="shili-fees")
    assert b"<feed" in feed.content
    print("\n".join(str(name) for name in names))


if __name__ == "__main__":
    main(sys.argv[1])
