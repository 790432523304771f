"""Print the hashes and tags of feeds, computed in another process.

``python -m tests.publisher.views.syndication.job HOME ADDRESS…``
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from litestar.testing import TestClient

from publisher import settings
from publisher.app import create_app


def main(home: str, *addresses: str) -> None:
    with TestClient(create_app(settings.read_settings(Path(home), {}))) as client:
        for address in addresses:
            answer = client.get(address)
            print(answer.status_code, hashlib.sha256(answer.content).hexdigest(), answer.headers["etag"])


if __name__ == "__main__":
    main(*sys.argv[1:])
