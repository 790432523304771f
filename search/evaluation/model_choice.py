"""The model that a measurement uses, with vectors kept from one run to the next."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from search.semantic import vector_file
from search.semantic.encoder import DIMENSIONS, Encoded, Encoder
from search.semantic.model import NAME, VERSION, is_installed
from search.semantic.vector_file import EncodedDocument, VectorFile, digest_of_texts


class CachingEncoder(Encoder):
    """An encoder that keeps the vectors of texts in a folder: 64,665 articles take half an hour."""

    def __init__(self, model: Path, folder: Path) -> None:
        super().__init__(model)
        self._folder_of_vectors = folder
        self._file = VectorFile(folder)
        self._file.reload()

    def encode(self, texts: Iterable[str]) -> Encoded:
        rows = [self._encode(text) for text in texts]
        if not rows:
            return Encoded(np.zeros((0, DIMENSIONS), np.int8), np.zeros(0, np.float32))
        return Encoded(
            np.concatenate([row.vectors for row in rows]), np.concatenate([row.factors for row in rows])
        )

    def _encode(self, text: str) -> Encoded:
        digest = digest_of_texts([text])
        vectors = self._file.find_encoded(digest)
        if vectors is None:
            vectors = super().encode([text])
            vector_file.append(self._folder_of_vectors, [EncodedDocument(f"{digest:x}", 0, digest, vectors)])
        return vectors


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of :func:`choose_encoder`."""
    parser.add_argument("--without-model", action="store_true", help="search by words alone")
    parser.add_argument(
        "--vectors", type=Path, metavar="FOLDER", help="keep the vectors of texts for the next run"
    )


def choose_encoder(options: argparse.Namespace) -> Encoder | None:
    """Return the model that is installed in the site's folder (``QINGDAN_HOME``), unless it is not wanted."""
    model = Path(os.environ.get("QINGDAN_HOME") or "qingdan-site") / "model"
    if options.without_model or not is_installed(model):
        return None
    return Encoder(model) if options.vectors is None else CachingEncoder(model, options.vectors)


def describe_model(encoder: Encoder | None) -> str:
    """Return the name and version of the model; ``none`` without one."""
    return "none" if encoder is None else f"{NAME} {VERSION}"
