"""Datasets of built-in catalogues, which a command creates when it first needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from publisher.log.log import Log
    from publisher.log.model import Dataset
    from schemas.definition.catalogue import Catalogue

BODY = click.option(
    "--body", help="尚无数据集时：公布机关 / If there is no dataset yet: the publishing body."
)
CONTACT = click.option(
    "--contact", help="尚无数据集时：联系方式 / If there is no dataset yet: contact for readers."
)


def describe_if_missing(
    log: Log,
    name: str,
    catalogue: Catalogue,
    *,
    body: str | None,
    contact: str | None,
    **details: object,
) -> Dataset | None:
    """Return the dataset ``name`` to create; None if it exists.

    ``details``: further attributes of :class:`Dataset`. Raises ``click.UsageError`` if it has to be created
    without ``body`` or ``contact``.
    """
    from publisher.log.model import Dataset

    if any(one.name == name for one in log.datasets.all()):
        return None
    if not body or not contact:
        raise click.UsageError(
            f"还没有数据集 {name}，请用 --body 和 --contact 指明公布机关和联系方式 / "
            f"there is no dataset {name} yet: name its body and contact"
        )
    values: dict[str, object] = {
        "name": name,
        "catalogue": catalogue.name,
        "title": catalogue.title,
        "title_en": catalogue.title_en,
        "body": body,
        "division": None,
        "licence": "CC0-1.0",
        "contact": contact,
    }
    return Dataset(**values, **details)  # type: ignore[arg-type]  # see Dataset
