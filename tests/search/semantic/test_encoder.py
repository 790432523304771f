"""Vectors of the real model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from search.semantic.encoder import DIMENSIONS, Encoder, _encode_text, compute_similarities
from search.semantic.model import MODEL, ModelError, install_model
from tests.support.servers.language_model import require_model


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return Encoder(require_model(tmp_path_factory))


def test_what_means_the_same_is_nearer_than_what_shares_characters(encoder: Encoder) -> None:
    question = encoder.encode_query("房东不退押金怎么办")
    encoded = encoder.encode(["出租人应当返还保证金", "押运货币的车辆管理规定"])
    near, far = compute_similarities(question, encoded)
    assert near > far + 0.05


def test_vectors_in_8_bits_keep_the_length_and_the_angle(encoder: Encoder) -> None:
    text = "食品经营许可证核发"
    encoded = encoder.encode([text, text + "审批"])
    assert encoded.vectors.dtype == np.int8
    assert encoded.vectors.shape == (2, DIMENSIONS)
    lengths = np.linalg.norm(encoded.vectors * encoded.factors[:, None], axis=1)
    assert lengths == pytest.approx([1, 1], abs=1e-5)
    exact = _encode_text(encoder._load(), text)
    assert float(encoded.vectors[0] @ exact * encoded.factors[0] / np.linalg.norm(exact)) > 0.999


def test_a_vector_does_not_depend_on_its_neighbours(encoder: Encoder) -> None:
    alone = encoder.encode(["城市道路占用收费"])
    among = encoder.encode(["排污费" * 100, "城市道路占用收费", "x"])
    assert (alone.vectors[0] == among.vectors[1]).all()


@pytest.mark.parametrize("text", ["", " ", "\ud800", "\0", "许" * 5_000, "😀" * 600])
def test_any_text_has_a_vector(encoder: Encoder, text: str) -> None:
    assert encoder.encode_query(text).vectors.any()
    assert encoder.encode([]).vectors.shape == (0, DIMENSIONS)


def test_a_model_that_does_not_work_is_reported_once_and_never_fails_a_search(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "model"
    encoder = Encoder(folder)
    assert not encoder.is_ready()
    assert encoder.failure == ""
    install_model(require_model(tmp_path_factory), folder)
    (folder / MODEL.name).write_bytes(b"another")
    assert not encoder.is_ready()
    assert not encoder.is_ready()
    assert "qingdan model install" in encoder.failure
    assert len(caplog.records) == 1
    with pytest.raises(ModelError):
        encoder.encode_query("许可")
