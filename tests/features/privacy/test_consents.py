"""What one agreed to: rows are only added, the newest holds; and who else handles personal data."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccmanage.privacy.consents import PURPOSES, truncated
from ccmanage.privacy.processors import BadProcessors, read_processors
from support.world import World

NEWS = "/v1/me/privacy/consents/product_news"


def test_giving_and_withdrawing_adds_rows(world: World) -> None:
    ann = world.person("Ann")
    client = world.client(ann, address="198.51.100.77")
    shown = {one["purpose"]: one for one in client.get("/v1/me/privacy").json()["consents"]}
    assert (shown["product_news"]["given"], shown["product_news"]["answered_at"]) == (False, None)
    for given in (True, True, False, True):
        assert client.put(NEWS, json={"given": given}).status_code == 204
    rows = client.get("/v1/me/privacy/consents").json()["items"]
    assert [row["given"] for row in rows] == [True, False, True]
    assert {row["source"] for row in rows} == {"portal"}
    [first, *_] = world.rows("consents", "1=1 ORDER BY id")
    assert first["text_sha256"] == PURPOSES["product_news"].digest("en")
    network = world.runtime.ring.decrypt(first["network_sealed"], f"consents.network:{first['public_id'].hex()}")
    assert network == "198.51.100.0/24"
    assert world.count("audit_log", "action = 'privacy.give_consent'") == 2


def test_what_is_needed_is_not_withdrawn_and_what_is_unknown_is_not_found(world: World) -> None:
    client = world.client(world.person("Ann"))
    assert client.put("/v1/me/privacy/consents/terms", json={"given": True}).status_code == 204
    refused = client.put("/v1/me/privacy/consents/terms", json={"given": False})
    assert (refused.status_code, refused.json()["code"]) == (409, "privacy.consent_needed")
    assert client.put("/v1/me/privacy/consents/nothing", json={"given": True}).status_code == 404


def test_the_wording_is_shown_in_the_readers_language(world: World) -> None:
    client = world.client(world.person("Ann"))
    client.patch("/v1/me", json={"locale": "zh"})
    assert "个人数据" in str(client.get("/v1/me/privacy").json())


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), ("", ""), ("x", "")],
)
def test_networks_tell_where_from_not_who(address: str, network: str) -> None:
    assert truncated(address) == network


class TestProcessors:
    def test_anybody_reads_the_operators_list(self, sqlite_world: World, tmp_path: Path) -> None:
        sqlite_world.settings.__dict__["data_dir"] = tmp_path
        assert sqlite_world.client().get("/v1/processors").json() == {"contact": "", "updated": "", "processors": []}
        (tmp_path / "processors.toml").write_text(
            'contact = "privacy@example.com"\nupdated = "2026-11-24"\n'
            '[[processor]]\nname = "Example Mail"\npurpose = "sends mails"\nlocation = "Germany"\n'
        )
        shown = sqlite_world.client().get("/v1/processors").json()
        assert (shown["contact"], shown["processors"][0]["name"]) == ("privacy@example.com", "Example Mail")
        assert shown["processors"][0]["safeguards"] == ""

    @pytest.mark.parametrize(
        "content",
        ["nonsense", '[[processor]]\npurpose = "x"\n', '[[processor]]\nname = "x"\nodd = "y"\n', "processor = 5"],
    )
    def test_a_wrong_file_says_what_is_wrong(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "processors.toml").write_text(content)
        with pytest.raises(BadProcessors, match=r"processors\.toml"):
            read_processors(tmp_path)
