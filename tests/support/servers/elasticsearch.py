"""A real Elasticsearch for tests: downloaded by Maven, started once, ended by its process id."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import trustme

from tests.support.required import skip_or_fail
from tests.support.servers.http_service import free_ports
from tests.support.servers.programs import memory_folder, other_user, run_as
from tests.support.servers.shared_server import keep, shared

VERSION = "9.5.3"
"""The only place that states the version."""

_GROUP = "org.elasticsearch.distribution.integ-test-zip"
_FILE = Path(*_GROUP.split("."), "elasticsearch", VERSION, f"elasticsearch-{VERSION}.zip")
_OLDEST_JAVA = 21
_START_SECONDS = 300.0
"""Seconds in which a server has to answer."""
QUICK_START = "-XX:TieredStopAtLevel=1"
"""Options of Java: a test server stops before the second compiler would pay off."""


@dataclass
class Node:
    """A server that a test may stop, start again, and slow down."""

    folder: Path
    address: str
    java: Path
    """Home of Java."""
    user: pwd.struct_passwd | None
    """User of the system that runs it; None: that of the tests."""
    login: tuple[str, str] | None = None
    """Name and password for requests, if security is on."""
    authority: Path | None = None
    """PEM file of the authority that signed its certificate, if it uses TLS."""
    java_options: str = QUICK_START
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server; return when its indices can be searched."""
        environment = {
            "PATH": os.environ["PATH"],
            "ES_JAVA_HOME": str(self.java),
            "ES_JAVA_OPTS": f"-Xms512m -Xmx1g {self.java_options}",
            "CLI_JAVA_OPTS": QUICK_START,  # of the programs that start it
            "ES_TMPDIR": str(self.folder / "tmp"),  # its own choice is never removed
            "LANG": "C.UTF-8",
        }
        with (self.folder / "output.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.folder / "bin" / "elasticsearch"],
                env=environment,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **run_as(self.user),
            )
        end = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                tail = (self.folder / "output.log").read_text(errors="replace")[-4000:]
                self.stop()
                raise RuntimeError(f"Elasticsearch does not start: {tail}")
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            health = f"{self.address}/_cluster/health?wait_for_status=yellow&timeout=1s"
            context = ssl.create_default_context(cafile=self.authority) if self.authority else True
            return httpx.get(health, timeout=5, auth=self.login, verify=context).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End this server and the Java process that its script became."""
        process, self.process = self.process, None
        if process is not None:
            with suppress(ProcessLookupError):  # it ended by itself
                os.killpg(process.pid, how)
            process.wait()

    def pause(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGCONT)


def missing_requirement() -> str:
    """Reason why no server can run here; empty if one can."""
    if java() is None:
        return f"needs Java {_OLDEST_JAVA} or newer"
    if not _archive().exists() and shutil.which("mvn") is None:
        return "needs Maven, to fetch Elasticsearch's test distribution"
    return ""


def require() -> None:
    """Skip the test if something is missing; under ``CI=true`` fail it."""
    reason = missing_requirement()
    if reason:
        skip_or_fail(f"Elasticsearch {reason}")


@contextmanager
def of_the_run(folder: Path) -> Iterator[str]:
    """Address of the server of a test run, whose processes share ``folder``."""
    require()
    with shared(folder, __name__) as address:
        yield address


def java() -> Path | None:
    """Find a Java home that is new enough; the default one often is not."""
    homes = [Path(os.environ[name]) for name in ("ES_JAVA_HOME", "JAVA_HOME") if os.environ.get(name)]
    for home in (*homes, *sorted(Path("/usr/lib/jvm").glob("*"))):
        try:
            release = (home / "release").read_text()
        except OSError:
            continue
        version = re.search(r'JAVA_VERSION="(\d+)', release)
        if version and int(version[1]) >= _OLDEST_JAVA:
            return home
    return None


def _archive() -> Path:
    return Path.home() / ".m2" / "repository" / _FILE


def distribution() -> Path:
    """Return the archive of the distribution; download it if it is missing."""
    if not _archive().exists():
        artifact = f"{_GROUP}:elasticsearch:{VERSION}:zip"
        subprocess.run(
            ["mvn", "-q", "dependency:get", f"-Dartifact={artifact}", "-Dtransitive=false"],
            check=True,
            timeout=600,
        )
    return _archive()


@contextmanager
def running(
    settings: Mapping[str, str] | None = None, *, password: str = "", java_options: str = QUICK_START
) -> Iterator[Node]:
    """Run a separate node. With a ``password`` of the user ``elastic`` security is on, and it uses TLS with a
    certificate of its own authority.
    """
    with _node({"discovery.type": "single-node", **(settings or {})}, password=password) as node:
        node.java_options = java_options
        node.start()
        yield node


@contextmanager
def running_pair() -> Iterator[tuple[Node, Node]]:
    """Run a cluster of two nodes; the second stores data and may be lost."""
    first_at, second_at = free_ports(2)
    one = {"node.name": "one", "cluster.initial_master_nodes": "one", "transport.port": str(first_at)}
    other = {"node.name": "two", "node.roles": "[data]", "transport.port": str(second_at)}
    seeds = {"discovery.seed_hosts": f"127.0.0.1:{first_at}"}
    with _node(one) as first, _node(other | seeds) as second:
        first.start()
        second.start()
        yield first, second


@contextmanager
def _node(settings: Mapping[str, str], *, password: str = "") -> Iterator[Node]:
    """Unpack and configure a node without starting it; end and remove it on exit."""
    home = java()
    assert home is not None, "call require() first"
    with (
        tempfile.TemporaryDirectory(prefix="qingdan-elasticsearch-") as name,
        tempfile.TemporaryDirectory(prefix="qingdan-elasticsearch-", dir=memory_folder()) as data,
    ):
        folder = Path(name) / "node"
        with zipfile.ZipFile(distribution()) as archive:
            archive.extractall(name)
        (Path(name) / f"elasticsearch-{VERSION}").rename(folder)
        (folder / "tmp").mkdir()
        port, inner = free_ports(2)
        authority = _certify(folder) if password else None
        _configure(
            folder, port, {"transport.port": str(inner), "path.data": data, **settings}, secure=bool(password)
        )
        user = other_user()
        for path in (folder / "bin").iterdir():
            path.chmod(0o755)
        if user is not None:
            Path(name).chmod(0o755)
            for path in (Path(data), folder, *folder.rglob("*")):
                os.chown(path, user.pw_uid, user.pw_gid)
        address = f"{'https' if authority else 'http'}://127.0.0.1:{port}"
        login = ("elastic", password) if password else None
        node = Node(folder, address, home, user, login, authority)
        if password:
            _set_password(node, password)
        try:
            yield node
        finally:
            node.stop()


def _certify(folder: Path) -> Path:
    """Create a certificate for 127.0.0.1 → the file of the authority that signed it."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "config" / "http.key")
    for number, blob in enumerate(issued.cert_chain_pems):
        blob.write_to_path(folder / "config" / "http.crt", append=number > 0)
    authority.cert_pem.write_to_path(folder / "authority.pem")
    return folder / "authority.pem"


def _configure(folder: Path, port: int, settings: Mapping[str, str], *, secure: bool) -> None:
    lines = {
        "cluster.name": f"qingdan-tests-{os.getpid()}",
        "network.host": "127.0.0.1",
        "http.port": str(port),
        "xpack.security.enabled": "true" if secure else "false",
        "xpack.security.autoconfiguration.enabled": "false",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
        **settings,
    }
    if secure:
        lines |= {
            "xpack.security.http.ssl.enabled": "true",
            "xpack.security.http.ssl.key": "http.key",
            "xpack.security.http.ssl.certificate": "http.crt",
        }
    text = "".join(f"{name}: {value}\n" for name, value in lines.items())
    (folder / "config" / "elasticsearch.yml").write_text(text)


LIMITED = "qingdan"
"""Name of a user, and of its role, which may access only indices named ``limited…``."""

_ROLE = f"""
{LIMITED}:
  indices:
    - names: ["limited*"]
      privileges: ["all"]
"""


def _set_password(node: Node, password: str) -> None:
    def tool(name: str, *arguments: str, text: str = "") -> None:
        subprocess.run(
            [node.folder / "bin" / name, *arguments],
            env={
                "PATH": os.environ["PATH"],
                "ES_JAVA_HOME": str(node.java),
                "CLI_JAVA_OPTS": QUICK_START,
            },
            input=text.encode(),
            check=True,
            capture_output=True,
            **run_as(node.user),
        )

    tool("elasticsearch-keystore", "add", "-f", "-x", "bootstrap.password", text=password)
    with (node.folder / "config" / "roles.yml").open("a") as roles:
        roles.write(_ROLE)
    tool("elasticsearch-users", "useradd", LIMITED, "-p", password, "-r", LIMITED)


@contextmanager
def _address() -> Iterator[str]:
    with running() as node:
        yield node.address


if __name__ == "__main__":
    keep(Path(sys.argv[1]), "tests.support.servers.elasticsearch", _address())
