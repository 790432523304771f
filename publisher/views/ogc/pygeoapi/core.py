"""pygeoapi's core for our routes: without environment, files, loggers, or work at import.

The rest of its constructor (handlers on the root logger, a process manager, template paths) is skipped. Its
errors become :class:`OgcError` instead of responses, so that all errors have the same form.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec
from pygeoapi import l10n
from pygeoapi.api import API, APIRequest
from pygeoapi.api.collection import gen_collection
from pygeoapi.api.itemtypes import get_collection_item, get_collection_items

from publisher.views.ogc.errors import OgcError
from publisher.web.query_parameters import DEFAULT_LIMIT, MAX_LIMIT
from schemas.words import Lang

_LANGUAGES = ["zh", "en"]
_LIMITS = {"default_items": DEFAULT_LIMIT, "max_items": MAX_LIMIT, "on_exceed": "throttle"}


class _Request(msgspec.Struct, frozen=True):
    """The part of a request that pygeoapi reads: parameters that are already validated."""

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

    def get_exception(self, status: int, *details: Any) -> NoReturn:
        """Raise :class:`OgcError`. ``details``: headers, format, code and description."""
        code, description = details[-2:]
        raise OgcError(int(status), code, description, description)


class Core:
    """pygeoapi for a site. ``base``: address of the landing page, without a slash at the end."""

    def __init__(self, base: str) -> None:
        self._api = _Api(base)

    def items(self, name: str, resource: Mapping[str, Any], params: Mapping[str, str]) -> dict[str, Any]:
        """Build the collection document of a query from the items of the provider.

        Links and time stamp are removed: our formats differ, and the same state must give the same bytes.
        """
        api = self._with(name, resource)
        _, _, text = get_collection_items(api, self._request(params), name)
        document: dict[str, Any] = msgspec.json.decode(text)
        del document["links"], document["timeStamp"]
        return document

    def item(self, name: str, resource: Mapping[str, Any], identifier: str) -> dict[str, Any]:
        api = self._with(name, resource)
        _, _, text = get_collection_item(api, self._request({}), name, identifier)
        document: dict[str, Any] = msgspec.json.decode(text)
        return document

    def collection(self, name: str, resource: Mapping[str, Any], language: Lang) -> dict[str, Any]:
        api = self._with(name, resource)
        request = self._request({"lang": language})
        document: dict[str, Any] = gen_collection(api, request, name, request.locale)
        return document

    def _with(self, name: str, resource: Mapping[str, Any]) -> Any:
        """Copy the API with one collection, so that requests share no mutable state."""
        api = copy.copy(self._api)
        api.config = {**self._api.config, "resources": {name: resource}}
        return api

    def _request(self, params: Mapping[str, str]) -> Any:
        request = _Request({"offset": "0", "lang": "zh", **params, "f": "json"}, {})
        return APIRequest(request, _LANGUAGES)
