"""Settings from the environment."""

from __future__ import annotations

import pytest

from publisher.settings import Settings, read_settings

SWITCHES = {
    "QINGDAN_LOOPBACK": "loopback",
    "QINGDAN_SHOW_ACTOR": "shows_actor",
    "QINGDAN_DESK_DRAFTER_PUBLISHES": "drafter_publishes",
    "QINGDAN_ACCESS_LOG": "access_log",
}


@pytest.mark.parametrize(("name", "attribute"), SWITCHES.items())
def test_a_switch_takes_the_usual_words_and_refuses_others(name: str, attribute: str) -> None:
    def read(text: str) -> Settings:
        return read_settings(environ={name: text})

    assert [getattr(read(text), attribute) for text in ("1", "true", "Yes", "ON")] == [True] * 4
    assert [getattr(read(text), attribute) for text in ("", "0", "False", "no", "off")] == [False] * 5
    for text in ("2", "ja", " 1"):
        with pytest.raises(ValueError, match=name):
            read(text)


@pytest.mark.parametrize(
    "sender",
    ["news@example.gov.cn", "示例市清单 <news@example.gov.cn>", '"清单,示例市" <news@example.gov.cn>'],
)
def test_the_sender_of_mails_is_one_address_with_or_without_a_name(sender: str) -> None:
    assert read_settings(environ={"QINGDAN_MAIL": sender}).mail == sender


@pytest.mark.parametrize(
    "sender", ["news", "示例市清单", "清单, 示例市 <news@example.gov.cn>", "a@清单.中国"]
)
def test_another_sender_is_refused_at_the_start(sender: str) -> None:
    with pytest.raises(ValueError, match="QINGDAN_MAIL: "):
        read_settings(environ={"QINGDAN_MAIL": sender})
