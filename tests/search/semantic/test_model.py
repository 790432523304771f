"""Installation of the model: only files with the right hash, from the jar or unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from search.semantic.model import FILES, MODEL, ModelError, check_model, install_model, is_installed
from tests.support.servers.language_model import require_jar, require_model


def test_the_jar_and_its_unpacked_files_install_the_same(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    unpacked = require_model(tmp_path_factory)
    for source, folder in ((require_jar(), tmp_path / "a"), (unpacked, tmp_path / "b")):
        assert not is_installed(folder)
        install_model(source, folder)
        assert is_installed(folder)
        check_model(folder)
        assert sorted(path.name for path in folder.iterdir()) == sorted(file.name for file in FILES)


def test_another_file_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    jar, folder = tmp_path / "model.jar", tmp_path / "model"
    with zipfile.ZipFile(jar, "w") as archive:
        for file in FILES:
            archive.writestr(file.name, b"{}")
    with pytest.raises(ModelError, match="SHA-256"):
        install_model(jar, folder)
    assert not is_installed(folder)
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_a_file_that_expands_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    jar = tmp_path / "model.jar"
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MODEL.name, bytes(8 * MODEL.size))
    with pytest.raises(ModelError, match="SHA-256"):
        install_model(jar, tmp_path / "model")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_what_is_not_the_jar_is_named(tmp_path: Path, content: bytes) -> None:
    jar = tmp_path / "model.jar"
    jar.write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.jar"):
        install_model(jar, tmp_path / "model")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_jar_whose_compressed_data_are_damaged_is_named(tmp_path: Path, method: int) -> None:
    jar, folder = tmp_path / "model.jar", tmp_path / "model"
    with zipfile.ZipFile(jar, "w", method) as archive:
        archive.writestr(MODEL.name, bytes(range(256)) * 9)
    with jar.open("r+b") as file:
        file.seek(30 + len(MODEL.name) + 12)  # 30 bytes and the name stand before the data
        file.write(b"\xff" * 40)
    with pytest.raises(ModelError, match=r"model\.jar.* is damaged"):
        install_model(jar, folder)
    assert list(folder.iterdir()) == []


def test_a_damaged_file_is_found_when_the_model_is_loaded(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    install_model(require_model(tmp_path_factory), tmp_path)
    with (tmp_path / MODEL.name).open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"damaged")
    with pytest.raises(ModelError, match="qingdan model install"):
        check_model(tmp_path)
