"""pygeoapi's core as our routes call it: no environment, no files, no loggers, nothing at import of ours.

What its own constructor does besides (handlers on the root logger, a process manager, template paths) is
left out; its errors become :class:`OgcError` instead of answers, so that all errors look alike.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec
from pygeoapi import l10n
from pygeoapi.api import API, APIRequest
from pygeoapi.api.collection import gen_collection
from pygeoapi.api.itemtypes import get_collection_item, get_collection_items

from publisher.views.ogc.errors import OgcError
from publisher.views.ogc.parameters import DEFAULT_LIMIT, MAX_LIMIT, Language

_LANGUAGES = ["zh", "en"]
_LIMITS = {"default_items": DEFAULT_LIMIT, "max_items": MAX_LIMIT, "on_exceed": "throttle"}


@dataclass(frozen=True, slots=True)
class _Request:
    """What pygeoapi reads of a request: parameters that we have checked already."""

    query_params: Mapping[str, str]
    headers: Mapping[str, str]


class _Api(API):  # type: ignore[misc]  # pygeoapi has no types
    def __init__(self, base: str) -> None:
        self.base_url = base
        self.config: dict[str, Any] = {
            "server": {"url": base, "languages": _LANGUAGES, "limits": _LIMITS},
            "resources": {},
        }
        self.openapi: dict[str, Any] = {}
        self.api_headers: dict[str, str] = {}
        self.locales = l10n.get_locales(self.config)
        self.default_locale = self.locales[0]
        self.pretty_print = False
        self.pubsub_client = None

    def get_exception(self, status: int, *told: Any) -> NoReturn:
        """``told``: headers, format, code and description."""
        code, description = told[-2:]
        raise OgcError(int(status), code, description, description)


class Core:
    """pygeoapi for a site. ``base`` is the address of its landing page, without a slash at the end."""

    def __init__(self, base: str) -> None:
        self._api = _Api(base)

    def items(self, name: str, resource: Mapping[str, Any], params: Mapping[str, str]) -> dict[str, Any]:
        """The collection document of a query, as pygeoapi makes it around what its provider answers.

        Its links and its time are left out: it has other formats, and the same state is the same bytes.
        """
        api = self._with(name, resource)
        _, _, text = get_collection_items(api, self._request(params), name)
        made: dict[str, Any] = msgspec.json.decode(text)
        del made["links"], made["timeStamp"]
        return made

    def item(self, name: str, resource: Mapping[str, Any], identifier: str) -> dict[str, Any]:
        api = self._with(name, resource)
        _, _, text = get_collection_item(api, self._request({}), name, identifier)
        made: dict[str, Any] = msgspec.json.decode(text)
        return made

    def collection(self, name: str, resource: Mapping[str, Any], language: Language) -> dict[str, Any]:
        api = self._with(name, resource)
        request = self._request({"lang": language})
        made: dict[str, Any] = gen_collection(api, request, name, request.locale)
        return made

    def _with(self, name: str, resource: Mapping[str, Any]) -> Any:
        """The API with one collection: a copy, so that requests share nothing that changes."""
        api = copy.copy(self._api)
        api.config = {**self._api.config, "resources": {name: resource}}
        return api

    def _request(self, params: Mapping[str, str]) -> Any:
        asked = _Request({"offset": "0", "lang": "zh", **params, "f": "json"}, {})
        return APIRequest(asked, _LANGUAGES)
