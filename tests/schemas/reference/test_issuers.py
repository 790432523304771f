"""What is known of a 机关代字, and what is not guessed."""

from __future__ import annotations

import pytest

from schemas.reference.administrative_divisions import name_of
from schemas.reference.issuers import _load_table, find_issuer


@pytest.mark.parametrize(
    ("code", "level", "division"),
    [
        ("国办发", "国家级", ""),
        ("财综", "国家级", ""),
        ("晋财综函", "省级", "14"),
        ("鞍政发", "设区的市级", "2103"),
        ("青政发", "查", ""),  # 青海 and 青岛
        ("示政发", "查", ""),
        ("国某发", "查", ""),  # no rule reads the first character
        ("", "查", ""),
    ],
)
def test_a_code_is_known_or_has_to_be_looked_up(code: str, level: str, division: str) -> None:
    issuer = find_issuer(code)
    assert (issuer.level, issuer.division) == (level, division)


def test_every_division_of_the_table_exists_and_fits_its_level() -> None:
    lengths = {"国家级": 0, "查": 0, "省级": 2, "设区的市级": 4, "县级": 6}
    for code, issuer in _load_table().items():
        assert len(issuer.division) == lengths[issuer.level], code
        assert not issuer.division or name_of(issuer.division), code
