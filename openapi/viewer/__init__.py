"""Files of the offline viewer of the document: Swagger UI, vendored (see README.md in this folder)."""

from __future__ import annotations

from importlib import resources

MEDIA_TYPES = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-initializer.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}

PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>清单接口文档 / Qingdan API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<script src="docs/swagger-ui-bundle.js" defer></script>
<script src="docs/swagger-initializer.js" defer></script>
</head>
<body>
<div id="swagger-ui" data-document="openapi.json"></div>
<noscript><p>此页需要 JavaScript; 接口文档本身在 <a href="openapi.json">openapi.json</a>。</p></noscript>
</body>
</html>
"""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page. Swagger UI sets inline styles; scripts are loaded from files only."""


def asset(name: str) -> bytes:
    """Return the bytes of a file of the viewer. Raises ``KeyError`` for names not in :data:`MEDIA_TYPES`."""
    if name not in MEDIA_TYPES:
        raise KeyError(name)
    return (resources.files(__name__) / name).read_bytes()
