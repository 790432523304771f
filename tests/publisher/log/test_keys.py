"""Checkpoints are signed notes that a foreign program accepts; keys are rotated, lost, and elsewhere."""

from __future__ import annotations

import json
import stat
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aics_tlog import checkpoint as foreign
from aics_tlog import note as foreign_note
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from gmssl import sm2, sm3
from sqlalchemy import text

from publisher.log.log import Log
from publisher.log.model import LogError
from publisher.log.transparency import checkpoints, shortfall, signed_note
from publisher.log.transparency.key_files import KeyFiles
from publisher.log.transparency.shortfall import Shortfall
from publisher.log.transparency.signed_note import VerifierKey
from publisher.log.transparency.successions import KnownCheckpoint
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.log import LATE, MIDDLE, entry, fees_dataset, release

NAME = "data.example.gov.cn/log"


def newest(log: Log) -> foreign.Checkpoint:
    note = log.proofs.checkpoint()
    assert note is not None
    return foreign.parse_checkpoint(foreign_note.parse_note(note).text)


def is_signed_by(log: Log, key: VerifierKey) -> bool:
    note = foreign_note.parse_note(log.proofs.checkpoint() or "")
    return foreign_note.verify_note(note, [foreign_note.parse_vkey(str(key))])


def test_a_site_without_a_key_publishes_and_says_that_nothing_is_signed(log: Log, clock: Clock) -> None:
    release(log, entry("证照费"))
    assert log.proofs.checkpoint() is None
    assert log.keys.sign_newest() is False
    assert log.proofs.unsigned_since() is not None


def test_a_key_in_a_file_signs_in_the_transaction_that_publishes(log: Log) -> None:
    release(log, entry("证照费"))
    key = log.keys.create()
    assert key.name == NAME
    for n, day in ((2, MIDDLE), (3, LATE)):
        release(log, entry("证照费", str(n)), on=day)
        assert is_signed_by(log, key)
        assert newest(log).size == log.proofs.size()
        assert newest(log).root == bytes.fromhex(log.proofs.entry(0, log.proofs.size()).root)
    assert log.proofs.unsigned_since() is None
    assert log.integrity.verify().problems == ()
    first_covering = log.proofs.entry(2).size
    release(log, entry("证照费", "4"), on=LATE)
    assert log.proofs.entry(2).size == first_covering  # the proof of an entry stays
    assert log.proofs.entry(2).note is not None


def test_the_file_of_a_key_is_for_its_owner_only_and_may_have_a_passphrase(tmp_path: Path) -> None:
    plain, closed = KeyFiles(tmp_path / "plain"), KeyFiles(tmp_path / "closed", "口令")
    for files in (plain, closed):
        key = files.create(NAME)
        assert stat.S_IMODE(files.path(key).stat().st_mode) == 0o600
        assert stat.S_IMODE(files.folder.stat().st_mode) == 0o700
        assert signed_note.is_valid(key, "text\n", files.sign(key, "text\n"))
    assert b"ENCRYPTED" in closed.path(key).read_bytes()
    for wrong in (KeyFiles(tmp_path / "closed"), KeyFiles(tmp_path / "closed", "别的")):
        with pytest.raises(LogError, match="passphrase"):
            wrong.sign(key, "text\n")
    closed.path(key).chmod(0o644)
    with pytest.raises(LogError, match="other users"):
        KeyFiles(tmp_path / "closed", "口令").sign(key, "text\n")


def test_a_key_that_cannot_be_used_never_stops_a_publication(log: Log, tmp_path: Path) -> None:
    key = log.keys.create()
    path = log._session.keys.path(key)
    path.chmod(0o644)
    log._session.keys._loaded.clear()
    assert release(log, entry("证照费")).number == 1
    assert log.proofs.unsigned_since() is not None
    assert "chmod 600" in log.keys.last_error()
    with pytest.raises(LogError):
        log.keys.sign_newest()
    path.chmod(0o600)
    assert log.keys.sign_newest() is True
    assert log.keys.last_error() == ""
    assert is_signed_by(log, key)
    assert newest(log).size == log.proofs.size()


def test_a_key_of_before_the_passphrase_signs_and_one_with_it_names_what_is_missing(tmp_path: Path) -> None:
    plain = KeyFiles(tmp_path / "plain").create(NAME)
    assert KeyFiles(tmp_path / "plain", "geheim").sign(plain, "x").name == NAME
    encrypted = KeyFiles(tmp_path / "encrypted", "geheim").create(NAME)
    for passphrase, reason in (("", "QINGDAN_KEY_PASSPHRASE"), ("falsch", "wrong passphrase")):
        with pytest.raises(LogError, match=reason):
            KeyFiles(tmp_path / "encrypted", passphrase).sign(encrypted, "x")


def test_both_keys_sign_a_rotation(log: Log) -> None:
    old = log.keys.create()
    for wrong, code in ((log.keys.create, "key-exists"),):
        with pytest.raises(LogError) as refused:
            wrong()
        assert refused.value.code == code
    new = log.keys.rotate()
    statement = log.proofs.document(log.proofs.entry(log.proofs.size() - 1).entry.digest) or ""
    assert json.loads(signed_note.verify_note(statement, [old, new]))["key"] == str(new)
    assert is_signed_by(log, new)
    assert not is_signed_by(log, old)
    keys = log.keys.all()
    assert [key.key for key in keys] == [old, new]
    assert keys[0].valid_to == keys[1].valid_from
    assert log.integrity.verify().problems == ()


def test_a_lost_key_is_replaced_and_the_entry_says_so(log: Log) -> None:
    old = log.keys.create()
    log._session.keys.path(old).unlink()
    log._session.keys._loaded.clear()
    release(log, entry("证照费"))
    assert newest(log).size < log.proofs.size()
    with pytest.raises(LogError) as refused:
        log.keys.rotate()
    assert refused.value.code == "key-unusable"
    new = log.keys.rotate(lost=True)
    assert is_signed_by(log, new)
    assert [key.lost for key in log.keys.all()] == [False, True]
    statement = log.proofs.document(log.proofs.entry(log.proofs.size() - 1).entry.digest) or ""
    with pytest.raises(signed_note.NoteError):
        signed_note.verify_note(statement, [old])


def test_a_key_that_was_not_announced_leaves_no_file(log: Log) -> None:
    files = log._session.keys.folder
    behind = Shortfall(KnownCheckpoint(100, ""))
    for act, rest in ((log.keys.create, 0), (log.keys.rotate, 1)):
        with log._session.write() as conn:
            shortfall.write(conn, behind)
        with pytest.raises(LogError) as refused:
            act()
        assert refused.value.code == "log-behind"
        assert len(list(files.glob("*"))) == rest
        with log._session.write() as conn:
            shortfall.write(conn, None)
        act()
        assert len(list(files.glob("*"))) == rest + 1


def test_there_is_nothing_to_rotate_without_a_key(log: Log) -> None:
    with pytest.raises(LogError) as refused:
        log.keys.rotate()
    assert refused.value.code == "no-key"


@pytest.mark.parametrize("public", ["x", f"{NAME}+00000000+AAAA"])
def test_a_damaged_public_key_is_refused(log: Log, public: str) -> None:
    with pytest.raises(LogError) as refused:
        log.keys.create(public=public)
    assert refused.value.code == "bad-key"


SIGNER = """
import sys, time
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives import serialization
from publisher.log.transparency.signed_note import Signature, VerifierKey
private = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
raw = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
key = VerifierKey("data.example.gov.cn/log", private.public_key().public_bytes(*raw))
sys.stdout.reconfigure(encoding="utf-8")
sys.stdout.write(str(Signature(key.name, key.id, private.sign(sys.stdin.buffer.read()))))
"""


def elsewhere() -> VerifierKey:
    private = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
    raw = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return VerifierKey(NAME, private.public_key().public_bytes(*raw))


@pytest.mark.slow
def test_a_rotation_that_another_one_overtook_leaves_no_file(log: Log, tmp_path: Path) -> None:
    script = tmp_path / "signer.py"
    script.write_text(SIGNER, encoding="utf-8")
    log.keys.create(public=str(elsewhere()), command=f"{sys.executable} {script}")
    overtaking = tmp_path / "overtaking.sh"
    done = tmp_path / "done"
    overtaking.write_text(
        f"cat > {tmp_path}/note; touch {done}; while [ -e {done} ]; do sleep 0.05; done; "
        f"{sys.executable} {script} < {tmp_path}/note",
        encoding="utf-8",
    )
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(log.keys.rotate, command=f"sh {overtaking}")
        while not done.exists():
            time.sleep(0.05)
        key = log.keys.rotate(lost=True)
        done.unlink()
        assert isinstance(error := slow.exception(), LogError)
    assert error.code == "busy"
    assert list(log._session.keys.folder.glob("*")) == [log._session.keys.path(key)]


@pytest.mark.slow
def test_a_command_signs_after_the_publication(log: Log, tmp_path: Path) -> None:
    script = tmp_path / "signer.py"
    script.write_text(SIGNER, encoding="utf-8")
    command = f"{sys.executable} {script}"
    key = log.keys.create(public=str(elsewhere()), command=command)
    assert log.proofs.checkpoint() is None
    published = release(log, entry("证照费"))
    assert log.proofs.entry(published.entry).note is None  # not yet signed
    since = log.proofs.unsigned_since()
    assert log.keys.sign_newest(command) is True
    assert since is not None
    assert log.proofs.unsigned_since() is None
    assert is_signed_by(log, key)
    assert log.proofs.entry(published.entry).note is not None
    assert log.keys.sign_newest(command) is False
    for broken in ("false", "echo x", "/nowhere/signer", f"{sys.executable} -c pass"):
        release(log, entry("证照费", broken), on=LATE)
        with pytest.raises(LogError) as refused:
            log.keys.sign_newest(broken)
        assert refused.value.code == "signing-failed"
        assert log.keys.last_error()
    assert log.keys.sign_newest(command) is True
    assert log.integrity.verify().problems == ()


SM2_SIGNER = """
import sys
from gmssl import sm2, sm3
from publisher.log.transparency.signed_note import Signature
private, public = sys.argv[1:]
signer = sm2.CryptSM2(private_key=private, public_key=public)
text = sys.stdin.buffer.read()
value = bytes.fromhex(signer.sign_with_sm3(text))
key_id = bytes.fromhex(sm3.sm3_hash(list(bytes.fromhex(public)))[:8])
sys.stdout.reconfigure(encoding="utf-8")
sys.stdout.write(str(Signature("data.example.gov.cn/sm2", key_id, value)))
"""
SM2_PRIVATE = "00B9AB0B828FF68872F21A837FC303668428DEA11DCD1B24429D0C99E24EED83D5"
SM2_PUBLIC = (
    "B9C9A6E04E9C91F7BA880429273747D7EF5DDEB0BB2FF6317EB00BEF331A83081A6994B8993F3F5D6EADDDB81872266C"
    "87C018FB4162F5AF347B483E24620207"
)


def test_sm2_is_a_further_line_that_other_verifiers_ignore(log: Log, tmp_path: Path) -> None:
    script = tmp_path / "sm2_signer.py"
    script.write_text(SM2_SIGNER, encoding="utf-8")
    key = log.keys.create()
    release(log, entry("证照费"))
    assert log.keys.sign_newest(f"{sys.executable} {script} {SM2_PRIVATE} {SM2_PUBLIC}") is True
    assert is_signed_by(log, key)
    note, lines = signed_note.parse_note(log.proofs.checkpoint() or "")
    assert [line.name for line in lines] == [NAME, "data.example.gov.cn/sm2"]
    verifier = sm2.CryptSM2(private_key="", public_key=SM2_PUBLIC)
    assert verifier.verify_with_sm3(lines[1].value.hex(), note.encode())
    assert lines[1].key_id.hex() == sm3.sm3_hash(list(bytes.fromhex(SM2_PUBLIC)))[:8]


def test_the_worker_does_not_replace_a_newer_key(log: Log) -> None:
    old = log.keys.create()
    with log._session.database.write() as conn:
        conn.execute(text("UPDATE checkpoint SET note = NULL, signed_at = NULL"))
    new = log.keys.rotate()
    assert is_signed_by(log, new)
    assert log.keys.sign_newest() is False
    assert old != new


def test_a_restored_site_without_its_keys_still_opens(tmp_path: Path, clock: Clock) -> None:
    url = sqlite.new(tmp_path / "qingdan.db")
    log = Log.open(url, sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    key = log.keys.create()
    log.close()
    log = Log.open(url, sources=tmp_path / "sources", clock=clock, keys=KeyFiles(tmp_path / "none"))
    assert [known.key for known in log.keys.all()] == [key]
    assert not log.keys.has_file(key)
    assert release(log, entry("证照费")).number == 1
    log.close()


@pytest.mark.slow
def test_a_slow_signer_delays_no_publication(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, begun, go = tmp_path / "slow.py", tmp_path / "begun", tmp_path / "go"
    script.write_text(
        f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\n"
        f"while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.02)\n{SIGNER}",
        encoding="utf-8",
    )
    command = f"{sys.executable} {script}"
    go.touch()
    log.keys.create(public=str(elsewhere()), command=command)
    first = release(log, entry("证照费"))
    go.unlink()
    begun.unlink()
    with ThreadPoolExecutor(1) as pool:
        signing = pool.submit(log.keys.sign_newest, command)
        while not begun.exists():  # before, it would sign the second release too
            time.sleep(0.01)
        second = release(log, entry("证照费", "2"), on=MIDDLE)  # while the command waits
        assert not signing.done()
        assert log.proofs.first_checkpoint(second.entry) is None
        go.touch()
        assert signing.result() is True
    assert log.proofs.first_checkpoint(first.entry) is not None
    assert log.proofs.first_checkpoint(second.entry) is None
    assert log.keys.sign_newest(command) is True  # the worker goes on with the newest
    assert log.proofs.first_checkpoint(second.entry) is not None
    go.unlink()
    release(log, entry("证照费", "3"), on=LATE)
    monkeypatch.setattr(checkpoints, "_PATIENCE", 0.3)
    with pytest.raises(LogError, match="timed out"):
        log.keys.sign_newest(command)
    assert "timed out" in log.keys.last_error()


@pytest.mark.parametrize("command", ["sign 'x", " ", "sign\0"])
def test_a_command_that_is_none_is_a_failure_to_sign(log: Log, command: str) -> None:
    log.keys.create()
    with pytest.raises(LogError, match="Signing failed"):
        log.keys.sign_newest(command)
    assert "签名失败" in log.keys.last_error()


def test_a_rotation_that_fails_leaves_no_key(log: Log) -> None:
    path = log._session.keys.path(log.keys.create())
    path.write_text("damaged")
    log._session.keys = KeyFiles(path.parent)
    with pytest.raises(LogError, match="cannot be used"):
        log.keys.rotate()
    assert list(path.parent.glob("*.pem")) == [path]
