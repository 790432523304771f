"""Faults of the program are told from a database that is away."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from publisher.failure_lines import is_database_away
from publisher.web.error_responses import problem_of


def failure(file: Path, statement: str) -> DBAPIError:
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 0})
    try:
        with pytest.raises(DBAPIError) as caught, engine.connect() as conn:
            conn.execute(text(statement))
    finally:
        engine.dispose()
    return caught.value


def test_a_faulty_statement_is_a_fault_of_the_program(tmp_path: Path) -> None:
    for statement in ("SELECT absent", "SELECT 1 FROM absent", "SELEC 1"):
        error = failure(tmp_path / "a.db", statement)
        assert isinstance(error, OperationalError)
        assert not is_database_away(error)
        assert problem_of(error).kind.code == "internal-error"


def test_a_file_that_cannot_be_opened_or_used_is_a_database_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "b.db").write_bytes(b"no database" * 100)
    engine = create_engine(f"sqlite:///{tmp_path / 'c.db'}")
    with engine.connect() as conn:
        conn.exec_driver_sql("BEGIN EXCLUSIVE")
        locked = failure(tmp_path / "c.db", "CREATE TABLE a (b)")
    engine.dispose()
    for error in (
        locked,
        failure(tmp_path / "b.db", "SELECT 1 FROM sqlite_schema"),
        failure(tmp_path / "absent" / "d.db", "SELECT 1"),
    ):
        assert is_database_away(error)
        assert problem_of(error).kind.code == "store-unavailable"
