"""An .xlsx package (ECMA-376 part 2) whose parts are edited one by one; every other part keeps its bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from posixpath import basename, dirname, join, normpath, relpath

from lxml import etree

CONTENT_TYPES = "[Content_Types].xml"
WORKBOOK = "xl/workbook.xml"
_TYPES_NAMESPACE = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS_NAMESPACE = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_PLAIN_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_DATE = (1980, 1, 1, 0, 0, 0)


_UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def replace_unwritable(text: str) -> str:
    """Replace the characters that XML 1.0 does not allow, such as a vertical tab."""
    return _UNWRITABLE.sub("\ufffd", text)


def parse(content: bytes) -> etree._Element:
    """Parse a part without entities and network. Comments stay."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, strip_cdata=False)
    return etree.fromstring(content, parser)


def serialise(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def namespace_of(root: etree._Element) -> str:
    return str(etree.QName(root).namespace or "")


class XlsxPackage:
    """The parts of a workbook: read, replaced and added. Unchanged ones are copied as they are."""

    def __init__(self, data: bytes) -> None:
        self._archive = zipfile.ZipFile(io.BytesIO(data))
        entries = {entry.filename.replace("\\", "/"): entry for entry in self._archive.infolist()}
        self._names = {name: entry for name, entry in entries.items() if not name.endswith("/")}
        """Parts of the file, also those that a program named with ``\\``."""
        self._changed: dict[str, bytes] = {}
        self._dropped: set[str] = set()
        self._trees: dict[str, etree._Element] = {}
        workbook = self.tree(WORKBOOK)
        self.namespace = namespace_of(workbook)
        """Namespace of SpreadsheetML: transitional, or strict (ISO/IEC 29500)."""
        self.relation_namespace = _STRICT_OFFICE if "purl.oclc.org" in self.namespace else _OFFICE

    def has(self, name: str) -> bool:
        return name in self._names or name in self._changed

    def names(self) -> Iterator[str]:
        yield from dict.fromkeys((*self._names, *self._changed))

    def read(self, name: str) -> bytes:
        return self._changed[name] if name in self._changed else self._archive.read(self._names[name])

    def write(self, name: str, content: bytes) -> None:
        self._changed[name] = content

    def tree(self, name: str) -> etree._Element:
        """Return the parsed part; it is written back with the changes that are made to it."""
        if name not in self._trees:
            self._trees[name] = parse(self.read(name))
        return self._trees[name]

    def tag(self, name: str) -> str:
        return f"{{{self.namespace}}}{name}"

    def sheets(self) -> Iterator[tuple[str, str]]:
        """Yield the name and the part of each worksheet."""
        for sheet in self.tree(WORKBOOK).iter(self.tag("sheet")):
            relation = sheet.get(f"{{{self.relation_namespace}}}id")
            for identifier, kind, target in self.relations(WORKBOOK):
                if identifier == relation and kind == "worksheet" and self.has(target):
                    yield sheet.get("name", ""), target

    def relations(self, source: str) -> Iterator[tuple[str, str, str]]:
        """Yield id, last word of the type, and target of the relations of a part."""
        name = _relations_of(source)
        if not self.has(name):
            return
        for relation in self.tree(name).iter("{*}Relationship"):
            if relation.get("TargetMode") != "External":
                target = relation.get("Target", "").replace("\\", "/")
                path = target.lstrip("/") if target.startswith("/") else join(dirname(source), target)
                yield relation.get("Id", ""), basename(relation.get("Type", "")), normpath(path)

    def find_related(self, source: str, kind: str) -> str | None:
        """Return the part that a part refers to by a relation of this type."""
        return next((t for _, k, t in self.relations(source) if k == kind and self.has(t)), None)

    def add_relation(self, source: str, kind: str, target: str) -> str:
        """Add a relation and return its id."""
        name = _relations_of(source)
        if not self.has(name):
            self.write(name, f'<Relationships xmlns="{_RELATIONS_NAMESPACE}"/>'.encode())
        root = self.tree(name)
        ids = {relation.get("Id") for relation in root}
        identifier = next(i for n in range(1, len(ids) + 2) if (i := f"rId{n}") not in ids)
        relation = etree.SubElement(root, f"{{{_RELATIONS_NAMESPACE}}}Relationship")
        relation.set("Id", identifier)
        relation.set("Type", f"{self.relation_namespace}/{kind}")
        relation.set("Target", relpath(target, dirname(source)))
        return identifier

    def add_part(self, template: str, content: bytes, content_type: str) -> str:
        """Add a part under the first free name of ``template`` (``xl/comments{}.xml``) and return it."""
        names = {name.casefold() for name in (*self._names, *self._changed)}
        numbers = range(1, len(names) + 2)
        name = next(n for number in numbers if (n := template.format(number)).casefold() not in names)
        self.write(name, content)
        override = etree.SubElement(self.tree(CONTENT_TYPES), f"{{{_TYPES_NAMESPACE}}}Override")
        override.set("PartName", f"/{name}")
        override.set("ContentType", content_type)
        return name

    def drop_macros(self) -> bool:
        """Make a plain workbook of one with macros; return whether it had some."""
        types = self.tree(CONTENT_TYPES)
        overrides = list(types)
        book = next((o for o in overrides if o.get("PartName") == f"/{WORKBOOK}"), None)
        if book is None or "macroEnabled" not in book.get("ContentType", ""):
            return False
        book.set("ContentType", _PLAIN_WORKBOOK)
        root = self.tree(_relations_of(WORKBOOK))
        for relation in list(root):
            if basename(relation.get("Type", "")) == "vbaProject":
                root.remove(relation)
        self._dropped = {name for name in self._names if basename(name).startswith("vbaProject")}
        self._dropped |= {_relations_of(name) for name in self._dropped}
        for override in overrides:
            if override.get("PartName", "").lstrip("/") in self._dropped:
                types.remove(override)
        return True

    def to_bytes(self) -> bytes:
        """Write the package. The order of the parts stays; new ones come last."""
        for name, tree in self._trees.items():
            if etree.tostring(tree) != etree.tostring(parse(self.read(name))):
                self.write(name, serialise(tree))
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
            for name, entry in self._names.items():
                if name not in self._dropped:
                    target.writestr(_copy_entry(name, entry), self.read(name))
            for name, content in self._changed.items():
                if name not in self._names:
                    target.writestr(zipfile.ZipInfo(name, _DATE), content, zipfile.ZIP_DEFLATED)
        return buffer.getvalue()


def _copy_entry(name: str, entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
    copy = zipfile.ZipInfo(name, entry.date_time)
    copy.compress_type = zipfile.ZIP_DEFLATED
    copy.external_attr = entry.external_attr
    return copy


def _relations_of(source: str) -> str:
    return f"{dirname(source)}/_rels/{basename(source)}.rels"
