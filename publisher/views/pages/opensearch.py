"""The description with which browsers add the site's search (OpenSearch 1.1)."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import Press
from publisher.web.conditional_requests import Validity
from publisher.web.route import Reply

XML = "application/opensearchdescription+xml"
_SPACE = "http://a9.com/-/spec/opensearch/1.1/"
_LONGEST_NAME, _LONGEST_DESCRIPTION = 16, 1024
"""Maximum lengths in the specification, in characters."""


def opensearch(_: Press, visit: Visit) -> Reply:
    visit.refuse_parameters()
    base, name = visit.service.site.base, visit.site_name

    def build() -> bytes:
        root = Element("OpenSearchDescription", xmlns=_SPACE)
        SubElement(root, "ShortName").text = name[:_LONGEST_NAME]
        description = visit.t(f"搜索{name}：事项、收费、文件", f"Search {name}: powers, fees, documents")
        SubElement(root, "Description").text = description[:_LONGEST_DESCRIPTION]
        language = f"&lang={visit.lang}" if visit.lang != "zh" else ""
        template = f"{base}/search?q={{searchTerms}}{language}"
        SubElement(root, "Url", type="text/html", template=template)
        image = SubElement(root, "Image", width="16", height="16", type="image/vnd.microsoft.icon")
        image.text = f"{base}/favicon.ico"
        SubElement(root, "Language").text = "zh-CN"
        SubElement(root, "InputEncoding").text = "UTF-8"
        text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
        return text

    return Reply(Validity((name,)), build)
