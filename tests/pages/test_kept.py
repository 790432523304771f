"""What is read often is printed once, and never shown past its time."""

from __future__ import annotations

from publisher.pages.kept import Kept


def test_a_page_is_found_until_the_next_release_of_any_list() -> None:
    kept = Kept()
    assert kept.find(1, "a") is None
    kept.keep(1, "a", b"one")
    assert kept.find(1, "a") == b"one"
    assert kept.find(2, "a") is None
    kept.keep(1, "a", b"late")  # printed of the state before, while the release came
    assert kept.find(2, "a") is None


def test_what_was_used_longest_ago_goes_first_and_the_large_is_not_kept() -> None:
    kept = Kept()
    page = b"x" * 100_000
    kept.find(1, "first")
    for number in range(400):
        kept.keep(1, number, page)
        kept.find(1, 0)
    assert kept.find(1, 0) == page
    assert kept.find(1, 1) is None
    assert kept.find(1, 399) == page
    kept.keep(1, "large", b"x" * 200_000)
    assert kept.find(1, "large") is None
