"""Access to a cluster: certificate, passwords and API keys, on a real server that checks them."""

from __future__ import annotations

import uuid
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
import trustme

from publisher import settings
from search.contract import SearchError
from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from tests.search.documents import call, document, index, search, spans
from tests.support.servers import elasticsearch as elasticsearch_server
from tests.support.servers.elasticsearch import Node

pytestmark = pytest.mark.server

PASSWORD = "a-password-of-tests"


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    elasticsearch_server.require()
    with elasticsearch_server.running(password=PASSWORD) as started:
        yield started


@pytest.fixture
def cluster_connection(node: Node) -> Connection:
    """Read the connection to the cluster from settings."""
    cluster = settings.read_settings(
        environ={
            "QINGDAN_SEARCH": "elasticsearch",
            "QINGDAN_ELASTICSEARCH_HOSTS": node.address,
            "QINGDAN_ELASTICSEARCH_ALIAS": f"t{uuid.uuid4().hex[:12]}",
            "QINGDAN_ELASTICSEARCH_USER": "elastic",
            "QINGDAN_ELASTICSEARCH_PASSWORD": PASSWORD,
            "QINGDAN_ELASTICSEARCH_CA": str(node.authority),
        }
    ).cluster
    assert cluster is not None
    return replace(cluster, deadline=30)


def refusal(connection: Connection) -> str:
    engine = ElasticsearchEngine(connection)
    with pytest.raises(SearchError) as caught:
        search(engine, "许可")
    anyio.run(engine.close)
    return str(caught.value)


def test_the_right_password_and_authority_allow_everything(cluster_connection: Connection) -> None:
    engine = ElasticsearchEngine(cluster_connection)
    index(engine, [document("a", "甲类许可")])
    assert spans(engine, "许可") == ["a"]
    anyio.run(engine.close)


def test_a_wrong_password_is_reported(cluster_connection: Connection) -> None:
    assert "password" in refusal(replace(cluster_connection, password="wrong"))


def test_a_server_that_another_authority_signed_is_not_trusted(
    cluster_connection: Connection, tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    assert "certificate" in refusal(replace(cluster_connection, ca=tmp_path / "other.pem"))
    assert "certificate" in refusal(replace(cluster_connection, ca=None))


def test_a_user_who_may_touch_the_sites_own_indices_only_can_do_everything(
    cluster_connection: Connection,
) -> None:
    limited = replace(
        cluster_connection, user=elasticsearch_server.LIMITED, alias=f"limited-{cluster_connection.alias}"
    )
    engine = ElasticsearchEngine(limited)
    index(engine, [document("a", "甲类许可"), document("b", "乙类许可")])
    call(engine.rebuild, [document("a", "甲类许可"), document("b", "乙类许可")])
    call(engine.erase, ["a"])
    call(engine.mark, 9)
    assert (call(engine.position), call(engine.count)) == (9, 1)
    assert spans(engine, "许可") == ["b"]
    assert search(engine, "许可", limit=150).total == 1
    anyio.run(engine.close)
    assert "refuses the user" in refusal(replace(limited, alias="another"))


def test_an_api_key_takes_precedence_over_the_user_and_a_wrong_one_is_reported(
    cluster_connection: Connection,
) -> None:
    """Use an unknown key, because the tests' distribution lacks an analyser that creating keys needs."""
    unknown = b64encode(b"VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw").decode()
    assert "API key" in refusal(replace(cluster_connection, api_key=unknown))
