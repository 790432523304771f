"""Bodies of requests: bad JSON is a bad request, and a line break of a form is one character."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures import FormMultiDict
from litestar.exceptions import SerializationException
from litestar.types import Empty
from litestar.utils.scope.state import ScopeState


class BodyRequest(Request[Any, Any, Any]):
    """A request. Litestar (2.25) fails for JSON that is not UTF-8, or is nested too deeply."""

    async def json(self) -> Any:
        try:
            return await super().json()
        except (UnicodeDecodeError, RecursionError) as error:
            raise SerializationException("the body is not UTF-8, or is nested too deeply") from error

    async def form(self) -> FormMultiDict:
        """Return the fields of a form. The guard of forms calls this before a handler gets them.

        A browser sends a line break as two characters, which the limits of its text areas count as one.
        """
        state = ScopeState.from_scope(self.scope)
        if state.form is Empty:
            sent = await super().form()
            fields = {name: _unify_line_ends(sent.getall(name)) for name in sent}
            state.form = {name: values if len(values) > 1 else values[0] for name, values in fields.items()}
            self._form = FormMultiDict.from_form_data(state.form)
        return await super().form()


def _unify_line_ends(values: list[Any]) -> list[Any]:
    return [value.replace("\r\n", "\n") if isinstance(value, str) else value for value in values]
