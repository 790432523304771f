"""The parameters of a state, for links that request it."""

from __future__ import annotations

from publisher.log.model import View


def view_parameters(view: View) -> dict[str, str]:
    """Return the parameters that request ``view``; none for the present."""
    parameters: dict[str, str] = {}
    if view.as_of is not None:
        parameters["as_of"] = view.as_of.isoformat()
    if view.known_at is not None:
        parameters["known_at"] = view.known_at.isoformat().replace("+00:00", "Z")
    if view.release is not None:
        parameters["release"] = str(view.release)
    return parameters
