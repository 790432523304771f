#!/usr/bin/env python3
"""Hand in a department's list each night, from its own system, at the desk of a Qingdan site (清单).

    python nightly_list.py https://desk.example.gov.cn shili-powers 民政局 list.xlsx 示政发〔2026〕12号

QINGDAN_TOKEN is a token with the actions hand-in, read-draft and submit; SECRECY_REVIEWED_BY names who
reviewed secrecy. Needs Python 3.12 and nothing else. A list with errors is not submitted: each error is
printed with its place, and the exit code is 1. A list that changes nothing, or that waits for review already,
is not submitted again. A second person approves it at the desk. See docs/desk.md."""

import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

BOUNDARY = "qingdan-nightly-list-4f1c9a"
TODAY = (datetime.now(UTC) + timedelta(hours=8)).date().isoformat()  # in China
SECRECY = {"secrecy_reviewed_by": os.environ.get("SECRECY_REVIEWED_BY", ""), "secrecy_reviewed_on": TODAY}


def call(address: str, body: bytes | None = None, media_type: str = "application/json", key: str = "") -> Any:
    """Send a request, up to four times. With the same key the desk does once what is sent twice."""
    headers = {"Authorization": f"Bearer {os.environ['QINGDAN_TOKEN']}", "Content-Type": media_type}
    headers |= {"Idempotency-Key": key} if key else {}
    for pause in (1, 10, 60, 0):
        try:
            return send(urllib.request.Request(address, body, headers))
        except (OSError, HTTPException, ValueError) as error:  # the desk is away, or the answer broke off
            if not pause:
                sys.exit(f"{address}: {type(error).__name__}: {error}")
            print(f"{error}; again in {pause} seconds", file=sys.stderr)
            time.sleep(pause)
    raise AssertionError


def send(request: urllib.request.Request) -> Any:
    """End the program if the desk refuses the request."""
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code >= 500 or error.code == 429:
            raise
        sys.exit(f"{error.code} {error.read().decode()}")


def form(part: str, name: str, data: bytes) -> bytes:
    """Write the form of an import (RFC 7578)."""
    field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="part"\r\n\r\n{part}\r\n'
    file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    return field.encode() + file.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()


def hand_in(desk: str, dataset: str, part: str, file: Path, basis: str) -> None:
    draft, data = f"{desk}/desk/v1/drafts/{quote(dataset)}", file.read_bytes()
    key = secrets.token_hex(16)  # of this run: a later one hands in again what was returned meanwhile
    body = form(part, file.name, data)
    report = call(f"{draft}/imports", body, f"multipart/form-data; boundary={BOUNDARY}", f"import-{key}")
    errors = [finding for finding in report["findings"] if finding["severity"] == "error"]
    for one in errors:
        place = " ".join(str(one[name]) for name in ("sheet", "row", "column") if one[name] is not None)
        print(f"{one['file']} {place}: {one['message_zh']}。{one['way_out_zh']}", file=sys.stderr)
    if errors or not report["staged"]:
        sys.exit(1)
    changes = [one for one in call(f"{draft}/diff")["changes"] if one["part"] == part]
    waiting = call(f"{desk}/desk/v1/submissions")
    if any(one["dataset"] == dataset and one["parts"] == [part] and one["is_current"] for one in waiting):
        print("waits for review already")
    elif not changes:
        print("nothing changed")
    else:
        heading = {"effective_on": TODAY, "basis": basis, "parts": [part], **SECRECY}
        one = call(f"{draft}/submit", json.dumps(heading).encode(), key=f"submit-{key}")
        print(f"submitted {len(changes)} changes: {desk}/submissions/{one['key']}")


if __name__ == "__main__":
    try:
        hand_in(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]), sys.argv[5])
    except (KeyError, TypeError) as problem:
        sys.exit(f"The answers have another form than this program knows ({problem!r}); see docs/desk.md")
