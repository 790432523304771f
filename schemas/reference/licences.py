"""Licences that are named by an identifier of SPDX (https://spdx.org/licenses/)."""

from __future__ import annotations

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression


def spdx_expression(text: str) -> str | None:
    """Return an SPDX expression in the case of SPDX (``mit`` is ``MIT``); None for another text."""
    try:
        return canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return None


def spdx_identifier(text: str) -> str | None:
    """Return the identifier of a licence in SPDX's list; None for another text, and for several licences."""
    expression = spdx_expression(text)
    if expression is None or " " in expression or expression.startswith("LicenseRef-"):
        return None
    return expression
