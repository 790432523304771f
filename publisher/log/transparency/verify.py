#!/usr/bin/env python3
"""Verify what a Qingdan site (清单) published, without the site and without a network.

    python verify.py log.zip [site.zip or the data package of a release …] [--checkpoint FILE …] [--key KEY]

log.zip: /v1/log.zip of the site. FILE: a /log/checkpoint that somebody kept. KEY: the first key of the site, as published
elsewhere. Prints the first thing that is wrong. Formats: docs/proof.md. Needs Python 3.12, `cryptography`. Apache-2.0."""

# fmt: off
import argparse, base64, csv, hashlib, io, json, pathlib, sys, zipfile
from collections import defaultdict
from typing import Any
KINDS, END = ("", "site", "dataset", "release", "key", "reseal", "erasure", "succession", "audit"), "~"  # "~" is after every day
class ProofError(Exception): pass
def need(truth: object, what: str) -> None:
    if not truth: raise ProofError(what)
def sha(data: bytes) -> bytes: return hashlib.sha256(data).digest()
def canonical(value: Any) -> bytes: return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()  # RFC 8785
def decode(text: str) -> bytes: data = base64.b64decode(text); need(base64.b64encode(data).decode() == text, f"{text} is not canonical base64"); return data
def commit(salt: str, value: Any) -> str: return sha(bytes.fromhex(salt) + canonical(value)).hex()
def root(row: list[bytes]) -> bytes:  # RFC 6962: a node without a neighbour moves up as it is
    while len(row) > 1: row = [sha(b"\1" + row[n] + row[n + 1]) if n + 1 < len(row) else row[n] for n in range(0, len(row), 2)]
    return row[0] if row else sha(b"")
def open_archive(path: str) -> zipfile.ZipFile:  # a sound file, all of which SHA256SUMS lists
    archive = zipfile.ZipFile(path)
    sums = {line[66:]: line[:64] for line in archive.read("SHA256SUMS").decode().splitlines()}
    for name in {*archive.namelist(), *sums} - {"SHA256SUMS"}: need(sums.get(name) == sha(archive.read(name)).hex(), f"{path}: {name} is not the file in SHA256SUMS")
    return archive
def open_note(note: str) -> tuple[str, list[list[str]]]:  # C2SP signed-note
    return (parts := note.rpartition("\n\n"))[0] + "\n", [line.split(" ") for line in parts[2].splitlines()]
def check_signature(key: str, note: str, what: str) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    (name, identifier, encoded), (text, lines) = key.split("+", 2), open_note(note)
    public = decode(encoded)
    need(sha(name.encode() + b"\n" + public)[:4].hex() == identifier and public[0] == 1, f"{what}: {key} is no key")
    values = (decode(line[2]) for line in lines if line[:2] == ["—", name] and len(line) == 3)
    signed = [value[4:] for value in values if value[:4].hex() == identifier]
    need(len(signed) == 1, f"{what}: not signed by {key}")
    try: Ed25519PublicKey.from_public_bytes(public[1:]).verify(signed[0], text.encode())
    except Exception as error: raise ProofError(f"{what}: the signature of {key} is not valid") from error
class Log:
    def __init__(self, archive: zipfile.ZipFile, first_key: str | None) -> None:
        self.zip, self.names, self.said, self.first_key, self.next = archive, sorted(archive.namelist()), list[str](), first_key, 1
        self.keys, self.releases, self.newest = list[tuple[int, str]](), list[dict[str, Any]](), dict[str, str]()
        self.missing, self.destroyed, self.erased, self.site = dict[str, str](), set[str](), set[str](), ""
        self.parts: dict[tuple[str, str], set[str]] = defaultdict(set); self.spans: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self.openings = {o["sequence"]: o for o in self.lines("openings.jsonl")}
        self.revisions = {r["hash"]: r for name in self.names if name.startswith("revisions/") for r in self.lines(name)}
        for r in self.revisions.values(): need(commit(r["salt"], r["content"]) == r["hash"], f"record {r['record']}: content was changed")
        for position, (kind, digest) in enumerate(self.entries()): self.read_document(f"entry {position} ({kind})", position, kind, digest)
        for digest, where in self.missing.items(): need(digest in self.destroyed, f"{where}: its document is missing without an erasure")
        for (_, record), spans in self.spans.items():
            need(record in self.erased or all(s["line"]["revision"] in self.revisions for s in spans), f"record {record}: a revision is missing without an erasure")
        if "checkpoint" in self.names: self.check_checkpoint(self.read("checkpoint").decode(), "checkpoint")
        else: need(not first_key, "there is no checkpoint"); self.said.append("NOT SIGNED: there is no key, or no signature yet")
    def read(self, name: str) -> bytes: need(name in self.names, f"{name} is missing"); return self.zip.read(name)
    def lines(self, name: str) -> list[dict[str, Any]]: return [json.loads(line) for line in self.read(name).splitlines()]
    def together(self, start: str) -> bytes: return b"".join(self.read(n) for n in self.names if n.startswith(start))
    def entries(self) -> list[tuple[str, str]]:
        data = self.together("tile/entries/")
        entries = [data[n:n + 38] for n in range(0, len(data), 38)]
        need(all(len(e) == 38 and e[:3] == b"\0\x24\1" and 1 <= e[3] < len(KINDS) and e[4:6] == b"\0\2" for e in entries), "an entry is of another format")
        self.leaves = row = [sha(b"\0" + entry[2:]) for entry in entries]
        for level in range(8):
            need(self.together(f"tile/{level}/") == b"".join(row), f"tile/{level} does not follow from the entries")
            row = [root(row[n:n + 256]) for n in range(0, len(row) - 255, 256)]
        return [(KINDS[entry[3]], entry[6:].hex()) for entry in entries]
    def read_document(self, where: str, position: int, kind: str, digest: str) -> None:
        if f"documents/{digest}" not in self.names: self.missing[digest] = where; return self.said.append(f"{where}: its document was destroyed")
        text = self.read(f"documents/{digest}")
        need(sha(text).hex() == digest, f"{where}: the document is not the one that was published")
        d = json.loads(open_note(text.decode())[0] if kind == "key" else text)
        self.site = self.site or d["site"]
        need((d["format"], d["kind"], d["site"]) == (2, kind, self.site), f"{where}: of another format or site")
        if "previous" in d:
            name = kind + (d["dataset"] if kind == "dataset" else "")
            need(d["previous"] in (self.newest.get(name), *self.missing), f"{where}: does not follow the one before")
            self.newest[name] = digest
        if kind == "key":
            need(self.keys or self.first_key in (None, d["key"]), f"{where}: its key is {d['key']}")
            for key in [d["key"], *(key for _, key in self.keys[-1:] if not d["lost"])]: check_signature(key, text.decode(), where)
            self.said += [f"{where}: THE KEY BEFORE WAS LOST: ask elsewhere whether {d['key']} is right"] * d["lost"]; self.keys.append((position, d["key"]))
        elif kind == "reseal":
            need((d["size"], d["root"]) == (position, root(self.leaves[:position]).hex()), f"{where}: of another tree")
            self.said.append(f"releases 1 to {d['sequence']} are vouched for since {d['resealed_at']}, not before")
        elif kind == "dataset":
            names = {part["declared_as"]: part["name"] for part in d["parts"]}
            for own, part in ((part["declared_as"], part) for part in d["parts"]):
                self.parts[d["dataset"], own] |= {part["name"], names[part["merged_into"] or own]}
        elif kind == "erasure": self.destroyed |= set(d["documents"])
        elif kind == "succession": self.next += d["lost"]; self.said.append(f"{where}: {d['lost']} ENTRIES OF {d['origin']} ARE LOST: {d['reason']}")
        elif kind == "release": self.read_release(d, f"release {d['number']} of {d['dataset']}: ")
    def read_release(self, d: dict[str, Any], where: str) -> None:
        last, manifest = self.releases[-1]["published_at"] if self.releases else "", f"manifests/{d['manifest']}.jsonl"; need(d["sequence"] == self.next and d["published_at"] > last, where + "not in order")
        need(d["details"] in (self.newest.get("dataset" + d["dataset"]), *self.missing), where + "details")
        o, catalogue = self.openings.get(d["sequence"], {"sources": []}), self.read(f"catalogues/{d['catalogue']}.json"); need(sha(catalogue).hex() == d["catalogue"], where + "catalogue was changed")
        pairs: list[tuple[str, Any, Any]] = [(name, o[name], d[name]) for name in ("actor", "basis", "left_out", "note") if name in o]
        pairs += [("name or url of a source", one, d["sources"][n]["origin"]) for n, one in enumerate(o["sources"])]
        for name, one, digest in pairs: need(one is None or commit(one["salt"], one["value"]) == digest, f"{where}{name} was changed")
        need(sha(self.read(manifest)).hex() == d["manifest"], where + "manifest was changed")
        for line in self.lines(manifest):
            if r := self.revisions.get(line["revision"]):
                proof = commit(r["salt"], [r["source"], r["locator"], r["originals"], r["source_text"]])
                need(r["record"] == line["record"] and line["provenance"] in (None, proof), f"{where}record {line['record']}: file, locator, originals or source_text was changed")
            self.change(d, line)
        self.releases.append(d); self.erased |= set(d["erased"]); self.next = d["sequence"] + 1
    def change(self, d: dict[str, Any], line: dict[str, Any]) -> None:  # the two clocks of docs/log.md
        spans, first, end = self.spans[d["dataset"], line["record"]], line["effective_from"], line["effective_to"] or END
        known, now = {"known_from": d["published_at"], "known_to": END}, [s for s in spans if s["known_to"] == END]; state = {**known, "from": first, "to": end, "status": line["kind"], "line": line, "release": d["number"]}
        if end != END and not any(s["from"] <= end < s["to"] for s in now):
            spans.append({**state, "from": end, "to": min((s["from"] for s in now if s["from"] > end), default=END), "status": "removed"})
        for s in (s for s in now if s["from"] < end and s["to"] > first):
            spans += [{**s, **known, "to": first}] * (s["from"] < first) + [{**s, **known, "from": end}] * (s["to"] > end)
            s["known_to"] = d["published_at"]
        spans.append(state)
    def check_checkpoint(self, note: str, what: str) -> None:
        name, size, encoded = open_note(note)[0].split("\n")[:3]; keys = [key for position, key in self.keys if position < int(size)]
        need(keys and keys[-1].startswith(name + "+"), f"{what}: of another log, or signed by no key of this one")
        check_signature(keys[-1], note, what)
        need(int(size) <= len(self.leaves), f"{what}: has {size} entries, the log only {len(self.leaves)}")
        need(root(self.leaves[:int(size)]) == decode(encoded), f"{what}: is not of this log: an entry before {size} was changed")
        self.said.append(f"{what}: {size} entries, signed by {keys[-1]}")
    def compare(self, path: str) -> None:  # the files of a data package with the state at their releases
        for resource in json.loads((package := open_archive(path)).read("datapackage.json"))["resources"]:
            name, number, where = resource["name"], resource["release"], f"{path}: {resource['name']}: record "
            d = next((d for d in self.releases if (d["dataset"], d["number"]) == (name, number)), {})
            need(d, f"{path}: the log has no release {number} of {name}"); need(resource["effectiveOn"] == d["effective_on"], f"{path}: {name}: effectiveOn")
            table = list(csv.DictReader(io.StringIO(package.read(resource["path"]).decode(), newline="")))
            need(len(rows := {row["id"]: row for row in table}) == len(table), f"{path}: {name}: a record stands there twice")
            for record, s in ((key[1], s) for key, spans in self.spans.items() if key[0] == name for s in spans):
                in_view = s["known_from"] <= d["published_at"] < s["known_to"] and s["from"] <= d["effective_on"] < s["to"]
                if s["status"] in ("removed", "withdrawn") or not in_view: continue
                need(record in rows or record in self.erased, f"{where}{record} is missing")
                values = {**self.revisions.get(s["line"]["revision"], {"content": {}})["content"], "id": record, "release": s["release"], "effective_from": s["from"], "revision": s["line"]["revision"]}
                for field, cell in {**dict.fromkeys(values if record in rows else ()), **rows.pop(record, {})}.items():
                    right = value if isinstance(value := values.get(field, ""), str) else canonical(value).decode()
                    wanted = {right, f"'{right}"} if field != "part" else self.parts[name, s["line"]["part"]] or {""}
                    need(cell in wanted, f"{where}{record}, field {field}: {cell!r}, published: {max(wanted)!r}")
            need(not rows, f"{where}{next(iter(rows), '')} is not in release {number}")
        self.said.append(f"{path}: as published")
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter); parser.add_argument("archive"); parser.add_argument("packages", nargs="*"); parser.add_argument("--key"); parser.add_argument("--checkpoint", action="append", default=[])
    arguments, _ = parser.parse_args(), csv.field_size_limit(2**31 - 1)
    try:
        log = Log(open_archive(arguments.archive), arguments.key)
        for path in arguments.checkpoint: log.check_checkpoint(pathlib.Path(path).read_text(encoding="utf-8"), path)
        for path in arguments.packages: log.compare(path)
    except Exception as error: print(f"WRONG: {error}" if isinstance(error, ProofError) else f"WRONG: damaged: {error!r}"); sys.exit(1)
    print(*log.said, f"OK: {len(log.leaves)} entries, {len(log.releases)} releases, {len(log.revisions)} revisions", sep="\n")
if __name__ == "__main__": main()
