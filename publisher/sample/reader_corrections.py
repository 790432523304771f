"""Corrections that readers of the sample ask for: one that was accepted, and one that waits."""

from __future__ import annotations

from contextlib import closing

from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.correction import Correction
from publisher.inbox.inbox import Inbox
from publisher.inbox.public_inbox import PublicInbox
from publisher.log.log import Log
from publisher.mac_key import read_or_replace_key
from publisher.settings import Settings

_POWERS, _FEES = "shili-power-list", "shili-fees"


def send_corrections(settings: Settings, log: Log) -> None:
    """Create the inbox, send both requests, and accept the first one, which the plan has corrected."""
    keys, key = SealKeys(settings.keys), read_or_replace_key(settings.cursor_key)
    Inbox.create(settings.database, settings.inbox, keys)
    public = PublicInbox.open(settings.database, settings.inbox, key, capacity=settings.corrections)
    inbox = Inbox.open(settings.database, settings.inbox, keys)
    if public is None or inbox is None:
        raise AssertionError("the inbox that was created cannot be opened")
    (power,) = log.queries.find_by_title(_POWERS, "社会团体成立登记")
    (fee,) = log.queries.find_by_title(_FEES, "城镇垃圾处理费")
    limit_correction = Correction(
        _POWERS,
        power.id,
        power.revision or "",
        field="promised_limit",
        value="20个工作日",
        proof="示政发〔2024〕18号（演示数据）",
    )
    fee_correction = Correction(
        _FEES,
        fee.id,
        fee.revision or "",
        field="standard",
        value="6元/户·月",
        proof="示财综〔2024〕5号第三条（演示数据）",
        contact="张三（演示数据）",
    )
    with closing(public), closing(inbox):
        public.submit(limit_correction)
        (request,) = inbox.list()
        inbox.accept(request.id, outcome="已更正。（演示数据）", release=power.release)
        public.submit(fee_correction)
