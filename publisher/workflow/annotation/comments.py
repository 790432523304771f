"""Comments of a worksheet: the text in a part of its own, the shape in a VML drawing (ECMA-376 part 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lxml import etree

from publisher.ingest.formats.grid import format_column
from publisher.workflow.annotation.cell_notes import CellNote
from publisher.workflow.annotation.xlsx_package import CONTENT_TYPES, XlsxPackage, replace_unwritable

AUTHOR = "qingdan"
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_SHAPES_OF_A_BLOCK = 1024
_NEW_DRAWING = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
    '<o:idmap v:ext="edit" data="{}"/></o:shapelayout></xml>'
)
_SHAPE_TYPE = (
    '<v:shapetype xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE = (
    '<v:shape xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel" id="_x0000_s{number}" type="#_x0000_t202" '
    'style="position:absolute;width:240pt;height:90pt;z-index:{z};visibility:hidden" fillcolor="#ffffe1" '
    'o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/>'
    '<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left">'
    '</div></v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{left}, 15, {top}, 2, {right}, 15, {bottom}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>"
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_AFTER_DRAWING = (
    *("legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems"),
    *("tableParts", "extLst"),
)
"""Elements of a worksheet that come after ``legacyDrawing`` (CT_Worksheet)."""


def add_comments(package: XlsxPackage, part: str, notes: Sequence[CellNote]) -> None:
    """Add a comment at the cell of each note; a cell that has a comment gets the text below its own."""
    comments = _comments_of_sheet(package, part)
    authors, comment_list = (comments.find(package.tag(name)) for name in ("authors", "commentList"))
    if authors is None or comment_list is None:
        raise ValueError(f"{part}: comments without authors or list")
    author = _author(package, authors)
    existing = {comment.get("ref"): comment for comment in comment_list}
    new: list[CellNote] = []
    for note in notes:
        reference = f"{format_column(note.column)}{note.row}"
        comment = existing.get(reference)
        if comment is None:
            comment = etree.SubElement(
                comment_list, package.tag("comment"), {"ref": reference, "authorId": author}
            )
            etree.SubElement(comment, package.tag("text"))
            new.append(note)
        _append_text(package, comment, note.text)
    if new:
        _add_shapes(package, part, new)


def _comments_of_sheet(package: XlsxPackage, part: str) -> etree._Element:
    name = package.find_related(part, "comments")
    if name is None:
        content = f'<comments xmlns="{package.namespace}"><authors/><commentList/></comments>'.encode()
        name = package.add_part("xl/comments{}.xml", content, _COMMENTS_TYPE)
        package.add_relation(part, "comments", name)
    return package.tree(name)


def _author(package: XlsxPackage, authors: etree._Element) -> str:
    names = [author.text for author in authors]
    if AUTHOR not in names:
        etree.SubElement(authors, package.tag("author")).text = AUTHOR
        return str(len(names))
    return str(names.index(AUTHOR))


def _append_text(package: XlsxPackage, comment: etree._Element, text: str) -> None:
    body = comment.find(package.tag("text"))
    if body is None:
        body = etree.SubElement(comment, package.tag("text"))
    plain = body.find(package.tag("t"))
    if plain is not None:  # a plain text, which cannot be next to runs
        body.remove(plain)
        _append_run(package, body, plain.text or "")
    _append_run(package, body, f"\n{text}" if len(body) else text)


def _append_run(package: XlsxPackage, body: etree._Element, text: str) -> None:
    element = etree.SubElement(etree.SubElement(body, package.tag("r")), package.tag("t"))
    element.text = replace_unwritable(text)
    element.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _add_shapes(package: XlsxPackage, part: str, notes: Iterable[CellNote]) -> None:
    drawing = _drawing_of_sheet(package, part)
    content = package.read(drawing).decode("utf-8", "surrogateescape")
    highest = max((int(n) for n in re.findall(r"_x0000_s(\d+)", content)), default=0)
    block = re.search(r"""data=["'](\d+)""", content)
    number = max(highest, (int(block[1]) if block else 1) * _SHAPES_OF_A_BLOCK)
    shapes = [] if "_x0000_t202" in content else [_SHAPE_TYPE]
    for z, note in enumerate(notes, start=1):
        top = max(0, note.row - 2)
        shapes.append(
            _SHAPE.format(
                number=number + z,
                z=z,
                left=note.column,
                right=note.column + 4,
                top=top,
                bottom=top + 6,
                row=note.row - 1,
                column=note.column - 1,
            )
        )
    before, end, after = content.rpartition("</xml>")
    package.write(drawing, f"{before}{''.join(shapes)}{end}{after}".encode("utf-8", "surrogateescape"))


def _drawing_of_sheet(package: XlsxPackage, part: str) -> str:
    root = package.tree(part)
    element = root.find(package.tag("legacyDrawing"))
    relation_id = f"{{{package.relation_namespace}}}id"
    if element is not None:
        for identifier, _, target in package.relations(part):
            if identifier == element.get(relation_id) and package.has(target):
                return target
        root.remove(element)
    _declare_vml(package)
    block = sum("vmldrawing" in name.casefold() for name in package.names()) + 1
    name = package.add_part("xl/drawings/vmlDrawing{}.vml", _NEW_DRAWING.format(block).encode(), _VML_TYPE)
    element = etree.Element(package.tag("legacyDrawing"))
    element.set(relation_id, package.add_relation(part, "vmlDrawing", name))
    following = next((e for e in root if etree.QName(e).localname in _AFTER_DRAWING), None)
    if following is None:
        root.append(element)
    else:
        following.addprevious(element)
    return name


def _declare_vml(package: XlsxPackage) -> None:
    types = package.tree(CONTENT_TYPES)
    if not any(e.get("Extension", "").casefold() == "vml" for e in types):
        default = etree.Element("{http://schemas.openxmlformats.org/package/2006/content-types}Default")
        default.set("Extension", "vml")
        default.set("ContentType", _VML_TYPE)
        types.insert(0, default)
