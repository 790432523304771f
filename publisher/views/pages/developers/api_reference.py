"""The contract for people: every operation with parameters, responses and example, and a form to try it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from publisher.views.api import contract
from publisher.views.pages.developers import examples, rendering
from publisher.views.pages.printing import labels
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.conditional_requests import Validity
from publisher.web.route import Reply

_LONGEST_EXAMPLE = 1500
"""Characters of an example that are shown."""
_SCHEMAS = "#/components/schemas/"

type Json = Mapping[str, Any]


class Shape(msgspec.Struct, frozen=True):
    """The type of a value. ``schema``: name of the object that it is, or that its items are."""

    text: str
    schema: str = ""


class PrintedParameter(msgspec.Struct, frozen=True):
    name: str
    description: Markup
    shape: Shape
    where: str
    """``path``, ``query``, or ``free`` for one that represents parameters of any name."""
    is_required: bool
    choices: Sequence[str]
    value: str
    """Value that the form begins with."""


class Member(msgspec.Struct, frozen=True):
    """A property of an object."""

    name: str
    shape: Shape
    description: Markup


class PrintedOperation(msgspec.Struct, frozen=True):
    name: str
    path: str
    title: str
    paragraphs: Sequence[Markup]
    parameters: Sequence[PrintedParameter]
    media_types: Sequence[str]
    schema: str
    failures: Sequence[tuple[str, Markup]]
    """(status, kinds of problem) of each way to fail."""
    example: str


class Group(msgspec.Struct, frozen=True):
    name: str
    title: str
    operations: Sequence[PrintedOperation]


def api_reference(press: Press, visit: Visit) -> Reply:
    visit.refuse_parameters()
    encoded = contract.encode_document(visit.service.site.base)
    dataset = examples.find_example_dataset(visit.service.log)
    name = "" if dataset is None else dataset.name

    def build() -> bytes:
        document = msgspec.json.decode(encoded)
        head = Head(
            title=visit.t("接口文档", "API reference"),
            description=visit.t(
                "全部接口的参数、返回内容和示例，可在线试用。", "Every operation of the API, to try out."
            ),
            data=visit.link("/openapi.json"),
        )
        return press.page(
            "api_reference.html",
            visit,
            head,
            version=document["info"]["version"],
            groups=_groups(visit, document, name),
            schemas=_schemas(visit, document),
        )

    return Reply(Validity((hashlib.sha256(encoded).hexdigest(), name)), build, HEADERS)


def _groups(visit: Visit, document: Json, dataset: str) -> list[Group]:
    by_tag: dict[str, list[PrintedOperation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        by_tag[item["get"]["tags"][0]].append(_operation(visit, path, item["get"], dataset))
    titles = {tag["name"]: labels.half(visit, tag["description"]) for tag in document["tags"]}
    return [Group(name, titles[name], operations) for name, operations in by_tag.items() if operations]


def _operation(visit: Visit, path: str, get: Json, dataset: str) -> PrintedOperation:
    chinese, _, english = get["description"].partition("\n\n")
    contents = get["responses"]["200"]["content"]
    first = next(iter(contents.values()))
    return PrintedOperation(
        name=get["operationId"],
        path=path,
        title=visit.t(get["summary"], get["operationId"].replace("_", " ").capitalize()),
        paragraphs=[
            rendering.render_line(part) for part in visit.t(chinese, english or chinese).split("\n\n")
        ],
        parameters=[_parameter(visit, one, dataset) for one in get["parameters"]],
        media_types=list(contents),
        schema=first["schema"].get("$ref", "").removeprefix(_SCHEMAS),
        failures=[
            (status, rendering.render_line(_problems(visit, response["description"])))
            for status, response in get["responses"].items()
            if status >= "400"
        ],
        example=_example(first.get("example")),
    )


def _problems(visit: Visit, description: str) -> str:
    """Return code and title of each kind of problem; in the contract: ``code 标题 / title; code …``."""
    kinds = []
    for kind in description.split("; "):
        code, _, title = kind.partition(" ")
        kinds.append(f"{code} {labels.half(visit, title)}")
    return "; ".join(kinds)


def _parameter(visit: Visit, one: Json, dataset: str) -> PrintedParameter:
    schema = one["schema"]
    free = schema.get("type") == "object"
    example = dataset if one["name"] == "dataset" and one["in"] == "path" else one.get("example", "")
    needed = one["required"]
    return PrintedParameter(
        name=one["name"],
        description=rendering.render_line(labels.half(visit, one["description"])),
        shape=_shape(schema),
        where="free" if free else one["in"],
        is_required=needed,
        choices=[str(word) for word in schema.get("enum", ())],
        value=str(example) if needed else "",
    )


def _schemas(visit: Visit, document: Json) -> list[tuple[str, Markup, list[Member]]]:
    """Return name, description and properties of every object."""
    return [
        (
            name,
            rendering.render_line(labels.half(visit, schema.get("description", ""))),
            [
                Member(
                    member,
                    _shape(shape),
                    rendering.render_line(labels.half(visit, shape.get("description", ""))),
                )
                for member, shape in schema.get("properties", {}).items()
            ],
        )
        for name, schema in document["components"]["schemas"].items()
    ]


def _shape(schema: Json) -> Shape:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_SCHEMAS)
        return Shape(name, name)
    if "anyOf" in schema:
        shapes = [_shape(one) for one in schema["anyOf"]]
        linked = next((shape.schema for shape in shapes if shape.schema), "")
        return Shape(" | ".join(shape.text for shape in shapes), linked)
    if schema.get("type") == "array":
        item = _shape(schema.get("items", {}))
        return Shape(f"{item.text}[]", item.schema)
    if "enum" in schema:
        return Shape(" | ".join(str(word) for word in schema["enum"]))
    bounds = "–".join(str(schema[bound]) for bound in ("minimum", "maximum") if bound in schema)
    more = [text for text in (schema.get("format"), bounds) if text]
    kind = str(schema.get("type", "any"))
    return Shape(f"{kind} ({', '.join(more)})" if more else kind)


def _example(example: Any) -> str:
    if example is None:
        return ""
    if isinstance(example, str):
        return example if len(example) <= _LONGEST_EXAMPLE else f"{example[:_LONGEST_EXAMPLE]}…"
    return examples.format_json(example)
