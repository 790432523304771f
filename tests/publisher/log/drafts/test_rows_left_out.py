"""Rows that a release leaves out: those that its imports list, and others in error."""

from __future__ import annotations

import time

from publisher.log.drafts.rows_left_out import list_with, row_left_out


def test_rows_that_an_import_lists_already_are_listed_once_however_many_they_are() -> None:
    places = [{"file": "a.xlsx", "sheet": "表1", "rows": [n], "reason": "error"} for n in range(30_000)]
    rows = [row_left_out({"cells": {}, **dict(reversed(place.items()))}) for place in places]
    assert list_with(places[:2], rows[:3]) == tuple(places[:3])
    began = time.process_time()
    assert list_with(places[:-1], rows) == tuple(places)
    assert time.process_time() - began < 5, "minutes where each row is compared with each other"
