"""Changes of a catalogue that need a migration, and changes that do not."""

from __future__ import annotations

from msgspec import structs

from schemas.definition.catalogue import Catalogue, Field, Term
from schemas.definition.evolution import compare_catalogues
from schemas.definition.file_loader import load_catalogue


def change_field(old: Catalogue, name: str, **to: object) -> Catalogue:
    fields = tuple(structs.replace(f, **to) if f.name == name else f for f in old.fields)
    return structs.replace(old, fields=fields)


def codes(old: Catalogue, new: Catalogue) -> list[tuple[str, str]]:
    return [(i.code, i.field) for i in compare_catalogues(old, new)]


def test_the_same_catalogue_and_one_with_more_optional_fields_are_compatible() -> None:
    fees = load_catalogue("fees")
    assert compare_catalogues(fees, fees) == []
    assert (
        compare_catalogues(
            fees, structs.replace(fees, fields=(*fees.fields, Field("hotline", "电话", "Hotline")))
        )
        == []
    )


def test_titles_aliases_weights_and_more_words_are_compatible() -> None:
    powers = load_catalogue("power-list")
    words = (*powers.by_name["power_type"].vocabulary, Term("行政指导"))
    assert compare_catalogues(powers, change_field(powers, "power_type", vocabulary=words)) == []
    assert (
        compare_catalogues(
            powers, change_field(powers, "name", title="职权", aliases=("事项",), searched=3.0)
        )
        == []
    )


def test_a_removed_field_another_type_and_another_identity_need_a_migration() -> None:
    fees = load_catalogue("fees")
    without = structs.replace(fees, fields=tuple(f for f in fees.fields if f.name != "payer"))
    assert codes(fees, without) == [("field-removed", "payer")]
    assert codes(fees, change_field(fees, "standard", type="amount")) == [("type-changed", "standard")]
    assert codes(fees, structs.replace(fees, identity=(("name",),))) == [("identity-changed", "")]


def test_another_unit_of_a_number_needs_a_migration_and_one_of_a_limit_does_not() -> None:
    fees = load_catalogue("fees")
    priced = structs.replace(
        fees, fields=(*fees.fields, Field("budget", "预算", "Budget", type="integer", unit="元"))
    )
    assert codes(priced, change_field(priced, "budget", unit="万元")) == [("unit-changed", "budget")]
    assert codes(change_field(priced, "budget", unit=""), priced) == []
    powers = load_catalogue("power-list")
    assert codes(powers, change_field(powers, "promised_limit", unit="日")) == []


def test_a_newly_required_field_and_a_removed_word_need_a_migration() -> None:
    powers = load_catalogue("power-list")
    assert codes(powers, change_field(powers, "basis", required=True)) == [("now-required", "basis")]
    new = structs.replace(powers, fields=(*powers.fields, Field("hotline", "电话", "Hotline", required=True)))
    assert codes(powers, new) == [("now-required", "hotline")]
    fewer = powers.by_name["power_type"].vocabulary[1:]
    assert codes(powers, change_field(powers, "power_type", vocabulary=fewer)) == [
        ("word-removed", "power_type")
    ]
    assert codes(powers, change_field(powers, "level", open_vocabulary=False)) == [("word-removed", "level")]


def test_a_field_that_becomes_personal_another_name_and_another_nature_are_reported() -> None:
    fees = load_catalogue("fees")
    assert codes(fees, change_field(fees, "remark", personal=True)) == [("now-personal", "remark")]
    assert codes(fees, structs.replace(fees, name="charges", running=True)) == [
        ("other-catalogue", ""),
        ("running-changed", ""),
    ]


def test_every_reason_is_given_in_both_languages() -> None:
    fees = load_catalogue("fees")
    broken = structs.replace(
        change_field(fees, "name", type="list", personal=True), identity=(("name",),), fields=fees.fields[2:]
    )
    for reason in compare_catalogues(fees, broken):
        assert reason.zh
        assert reason.en
        assert reason.zh != reason.en
