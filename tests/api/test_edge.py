"""What every answer carries, and what never gets past the door."""

import pytest

from api.context import client_address, parse_networks
from api.middleware import BODY_LIMIT
from ccmanage.core.config import ConfigError
from support.databases import migrated_sqlite
from support.world import World


@pytest.fixture
def world(sqlite_world: World) -> World:
    return sqlite_world


def test_api_answers_carry_the_security_headers(world: World) -> None:
    headers = world.client().get("/v1/me").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "strict-transport-security" not in headers
    assert "server" not in headers


@pytest.mark.parametrize("address", ["/", "/docs", "/assets/nothing.js"])
def test_pages_carry_a_strict_policy(world: World, address: str) -> None:
    policy = world.client().get(address).headers["content-security-policy"]
    scripts = next(part for part in policy.split(";") if "script-src" in part)
    assert scripts.strip() == "script-src 'self'"
    assert {"object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= {
        part.strip() for part in policy.split(";")
    }


def test_a_request_keeps_its_id_if_it_is_harmless(world: World) -> None:
    client = world.client()
    assert client.get("/healthz", headers={"X-Request-ID": "abc-123.DEF_9"}).headers["x-request-id"] == "abc-123.DEF_9"
    for bad in ("short", "x" * 65, "with space 1", "inject%0d%0a", '"quotes"--'):
        assert client.get("/healthz", headers={"X-Request-ID": bad}).headers["x-request-id"] != bad


def test_the_id_stands_in_the_problem_and_in_the_audit_log(world: World) -> None:
    client = world.client(world.person("Ann"))
    given = {"X-Request-ID": "my-request-1"}
    assert client.get("/v1/keys/nothing", headers=given).json()["request_id"] == "my-request-1"
    client.post("/v1/keys", json={"name": "k"}, headers=given)
    assert world.count("audit_log", "request_id = 'my-request-1'") == 1


def test_a_body_that_says_it_is_too_large_is_not_read(world: World) -> None:
    answer = world.client().post("/v1/auth/login", content=b"x", headers={"Content-Length": str(BODY_LIMIT + 1)})
    assert (answer.status_code, answer.json()["code"]) == (413, "body.too_large")


def test_a_body_that_does_not_say_is_counted(world: World) -> None:
    def endless() -> object:
        for _ in range(BODY_LIMIT // 65_536 + 2):
            yield b"x" * 65_536

    headers = {"Content-Type": "application/json"}
    answer = world.client().post("/v1/auth/login", content=endless(), headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (413, "body.too_large")
    assert answer.headers["content-type"] == "application/problem+json"


def test_unknown_addresses_below_v1_are_problems_never_pages(world: World) -> None:
    for address in ("/v1", "/v1/", "/v1/nothing", "/v1/keys/", "/v1/keys/a/b/c", "/v1/../etc/passwd", "/v1%2fme"):
        answer = world.client().get(address, headers={"Accept": "text/html"})
        if address.startswith("/v1%2f") or ".." in address:
            assert answer.status_code in {200, 401, 404}
            continue
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), address


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "CONNECT", "PROPFIND"])
def test_unknown_methods_are_405(world: World, method: str) -> None:
    answer = world.client(world.person("Ann")).request(method, "/v1/keys")
    assert answer.status_code == 405
    assert answer.headers["allow"]


def test_other_sites_get_no_permission(world: World) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for answer in (
        world.client().options("/v1/keys", headers=headers),
        world.client().get("/v1/me", headers=headers),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]


class TestPortal:
    def test_files_outside_are_not_served(self, world: World) -> None:
        for address in (
            "/../main.py",
            "/..%2fmain.py",
            "/%2e%2e/main.py",
            "/assets/../../main.py",
            "/static/../main.py",
        ):
            answer = world.client().get(address)
            assert "Runtime" not in answer.text, address

    def test_scripts_that_are_not_there_are_404_not_a_page(self, world: World) -> None:
        answer = world.client().get("/assets/gone-abc123.js", headers={"Accept": "*/*"})
        assert answer.status_code == 404

    def test_writes_to_pages_are_refused(self, world: World) -> None:
        assert world.client().post("/").status_code == 404

    def test_pages_and_files(self, world: World, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
        from api.portal import Portal

        (tmp_path / "assets").mkdir()
        (tmp_path / "index.html").write_text("<title>the portal</title>")
        (tmp_path / "assets" / "app-1a2b.js").write_text("run()")
        world.app.router.default = Portal(tmp_path)
        client = world.client()
        page = client.get("/keys/some/deep/link", headers={"Accept": "text/html,*/*"})
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
        assert "the portal" in page.text
        assert client.get("/", headers={"Accept": "text/html"}).status_code == 200
        script = client.get("/assets/app-1a2b.js")
        assert (script.text, script.headers["cache-control"]) == ("run()", "public, max-age=31536000, immutable")
        assert client.head("/").status_code == 200
        assert client.get("/keys", headers={"Accept": "application/json"}).status_code == 404

    def test_without_a_build_one_is_told(self, world: World, tmp_path) -> None:  # type: ignore[no-untyped-def]
        from api.portal import Portal

        world.app.router.default = Portal(tmp_path)
        answer = world.client().get("/")
        assert answer.status_code == 404
        assert "not built" in answer.text


class TestHosts:
    @pytest.fixture
    def world(self, sqlite_template, tmp_path):  # type: ignore[no-untyped-def]
        world = World(
            migrated_sqlite(sqlite_template, tmp_path / "w.db"), allowed_hosts=("credits.example", "*.inside.example")
        )
        yield world
        world.close()

    @pytest.mark.parametrize("host", ["credits.example", "CREDITS.example:8443", "a.inside.example"])
    def test_our_names_are_served(self, world: World, host: str) -> None:
        assert world.client().get("/v1/me", headers={"Host": host}).status_code == 401

    @pytest.mark.parametrize("host", ["evil.example", "credits.example.evil.example", "inside.example", "", "[::1]:80"])
    def test_others_are_not(self, world: World, host: str) -> None:
        answer = world.client().get("/v1/me", headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (400, "host.unknown")

    def test_probes_come_by_address(self, world: World) -> None:
        assert world.client().get("/healthz", headers={"Host": "10.0.0.7"}).status_code == 200


class TestAddresses:
    TRUSTED = parse_networks(["10.0.0.0/8", "::1"])

    @pytest.mark.parametrize(
        ("peer", "header", "address"),
        [
            ("192.0.2.1", b"", "192.0.2.1"),
            ("192.0.2.1", b"1.1.1.1", "192.0.2.1"),
            ("10.0.0.1", b"192.0.2.7", "192.0.2.7"),
            ("10.0.0.1", b"1.1.1.1, 192.0.2.7", "192.0.2.7"),
            ("10.0.0.1", b"1.1.1.1, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
            ("10.0.0.1", b"192.0.2.7:4711", "192.0.2.7"),
            ("10.0.0.1", b"[2001:db8::1]:4711", "2001:db8::1"),
            ("::1", b"192.0.2.7", "192.0.2.7"),
            ("10.0.0.1", b"nonsense", "10.0.0.1"),
            ("10.0.0.1", b"1.1.1.1, nonsense", "10.0.0.1"),
            ("10.0.0.1", b"", "10.0.0.1"),
            ("", b"192.0.2.7", ""),
        ],
    )
    def test_only_trusted_proxies_are_believed(self, peer: str, header: bytes, address: str) -> None:
        assert client_address(peer, header, self.TRUSTED) == address

    def test_without_trusted_proxies_the_header_is_ignored(self) -> None:
        assert client_address("10.0.0.1", b"1.1.1.1", ()) == "10.0.0.1"

    def test_a_wrong_setting_stops_the_start(self, sqlite_template, tmp_path) -> None:  # type: ignore[no-untyped-def]
        world = World(migrated_sqlite(sqlite_template, tmp_path / "w.db"), trusted_proxies=("everybody",))
        with pytest.raises(ConfigError, match="TRUSTED_PROXIES"):
            world.client()
        world.runtime.close()
