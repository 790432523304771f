"""Encoder: text → vector of its meaning, by a model that runs in this process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.semantic.model import MODEL, TOKENIZER, ModelError, check_model, is_installed

DIMENSIONS = 512

LONGEST = 512
"""Tokens that the model reads; the rest is dropped."""

logger = logging.getLogger(__name__)

type Vectors = NDArray[np.int8]
type Factors = NDArray[np.float32]
type Similarities = NDArray[np.float32]


class Encoded(NamedTuple):
    """Vectors of texts, one row each, in 8 bits."""

    vectors: Vectors
    factors: Factors
    """Factor of each row that gives it the length 1."""


def measure(vectors: Vectors) -> Encoded:
    """Return vectors with their factors."""
    lengths = np.linalg.norm(vectors.astype(np.float32), axis=1)
    return Encoded(vectors, (1 / np.maximum(lengths, 1)).astype(np.float32))


def compute_similarities(query: Encoded, encoded: Encoded) -> Similarities:
    """Return the similarity (cosine, -1 to 1) of a query to each row."""
    products = encoded.vectors.astype(np.float32) @ query.vectors[0].astype(np.float32)  # exact below 2**24
    similarities: Similarities = products * encoded.factors * query.factors
    return similarities


class _Loaded(msgspec.Struct, frozen=True):
    session: Any
    tokenizer: Any


class Encoder:
    """The model of a folder. Its 24 MB are read by the first text, and once for a process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loading = threading.Lock()
        self._loaded: _Loaded | None = None
        self._failure: ModelError | None = None

    def is_ready(self) -> bool:
        """Report whether a model is installed that works. A failure is logged once."""
        if self._loaded is None and self._failure is None and is_installed(self._folder):
            try:
                self._load()
            except ModelError as error:
                self._failure = error
                logger.warning("%s", error)
        return self._loaded is not None

    @property
    def is_installed(self) -> bool:
        """Whether a model is installed, without loading it."""
        return is_installed(self._folder)

    @property
    def failure(self) -> str:
        """Why the installed model does not work; empty if it does, or if there is none."""
        return "" if self._failure is None else str(self._failure)

    def encode(self, texts: Iterable[str]) -> Encoded:
        """Encode folded texts. Raises :class:`ModelError`.

        One after the other: in a batch the scales of the 8-bit model are shared, so that a text's vector
        would depend on its neighbours (cosine down to 0.989), and a batch is not faster.
        """
        return _encode_texts(self._load(), texts)

    def encode_query(self, text: str) -> Encoded:
        """Encode a folded query, as one row. Raises :class:`ModelError`."""
        return _encode_texts(self._load(), [text])

    def _load(self) -> _Loaded:
        with self._loading:
            if self._loaded is None:
                self._loaded = _load_model(self._folder)
            return self._loaded


def _load_model(folder: Path) -> _Loaded:
    try:
        import numkong  # noqa: F401, PLC0415
        import onnxruntime  # noqa: PLC0415 - an extra; takes 0.2 s to load
        import tokenizers  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(
            "缺少运行模型的程序包，请安装 qingdan[semantic]。",
            "The libraries that run the model are missing: install qingdan[semantic].",
        ) from error
    check_model(folder)
    options = onnxruntime.SessionOptions()
    # One thread for each text: searches and the worker share the machine with everything else.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(folder / MODEL.name), options, providers=["CPUExecutionProvider"]
    )
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / TOKENIZER.name))
    tokenizer.enable_truncation(LONGEST)
    return _Loaded(session, tokenizer)


def _encode_texts(loaded: _Loaded, texts: Iterable[str]) -> Encoded:
    rows = [_encode_text(loaded, text) for text in texts]
    exact = np.array(rows, np.float32).reshape(len(rows), DIMENSIONS)
    largest = np.abs(exact).max(axis=1, initial=0.0, keepdims=True)
    return measure(np.rint(exact * (127 / np.maximum(largest, 1e-9))).astype(np.int8))


def _encode_text(loaded: _Loaded, text: str) -> NDArray[np.float32]:
    """Return the vector of the first token, which represents the whole text."""
    plain = text.encode(errors="replace").decode()  # a lone surrogate is not valid text
    tokens = np.array([loaded.tokenizer.encode(plain).ids], np.int64)
    inputs = {
        "input_ids": tokens,
        "attention_mask": np.ones_like(tokens),
        "token_type_ids": np.zeros_like(tokens),
    }
    first: NDArray[np.float32] = loaded.session.run(None, inputs)[0][0, 0]
    return first
