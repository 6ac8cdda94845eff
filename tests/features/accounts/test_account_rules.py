"""What an address and a password may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.accounts.passwords import common_passwords, password_faults
from ccmanage.accounts.rules import MAX_EMAIL, is_time_zone, normalise_email


@pytest.mark.parametrize(
    ("given_text", "normal"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann@Example.COM ", "ann@example.com"),
        ("a.b+tag@sub.example.co.uk", "a.b+tag@sub.example.co.uk"),
        ("admin@localhost", "admin@localhost"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("o'neil@example.com", "o'neil@example.com"),
    ],
)
def test_an_address_has_one_spelling(given_text: str, normal: str) -> None:
    assert normalise_email(given_text) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "@example.com",
        "ann@",
        "ann@exa mple.com",
        "ann@@example.com",
        "ann@example.com, bob@example.com",
        "ann@example.com\r\nBcc: bob@example.com",
        "Ann <ann@example.com>",
        ".ann@example.com",
        "ann.@example.com",
        "an..n@example.com",
        "ann@-example.com",
        "ann@example-.com",
        "ann@example..com",
        "ann@[127.0.0.1]",
        f"{'a' * 65}@example.com",
        f"ann@{'a' * 64}.com",
        f"ann@{'a.' * 130}com",
        "ann@exam\x00ple.com",
        "änn@example.com",
    ],
)
def test_what_is_not_exactly_one_address_is_none(text: str) -> None:
    assert normalise_email(text) is None


@given(st.text(max_size=300))
def test_normalising_never_fails_and_is_stable(text: str) -> None:
    normal = normalise_email(text)
    if normal is not None:
        assert len(normal) <= MAX_EMAIL
        assert normalise_email(normal) == normal
        assert normal.isascii()
        assert not set(normal) & set("\r\n,<> \x00")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password.length"),
        ("x" * 129, "password.length"),
        ("password123", "password.too_common"),
        ("PassWord123", "password.too_common"),
        ("aaaaaaaaaaaa", "password.too_common"),
        ("abababababab", "password.too_common"),
        ("ann@example.com", "password.personal"),
        ("trustno1", "password.too_common"),
        ("exampleann", "password.personal"),
        ("annexample.com", "password.personal"),
        ("Ann Example", "password.personal"),
        ("x" * 7 + "y", "password.too_common"),
    ],
)
def test_weak_passwords_are_refused(password: str, code: str) -> None:
    assert [fault.code for fault in password_faults(password, email="Ann@example.com", name="Ann Example")] == [code]


@pytest.mark.parametrize("password", ["correct horse", "ünïcödé-wörds", "x" * 100 + "yz!", " leading and trailing "])
def test_good_passwords_pass(password: str) -> None:
    assert password_faults(password, email="ann@example.com", name="Ann") == []


def test_characters_are_counted_not_bytes() -> None:
    assert password_faults("密码短", email="a@b.c")[0].code == "password.length"
    assert password_faults("正确的马电池订书钉", email="a@b.c") == []
    assert password_faults("纸" * 64 + "笔" * 63 + "墨", email="a@b.c") == []


def test_the_list_of_common_passwords_ships_with_the_package() -> None:
    common = common_passwords()
    assert len(common) > 10_000
    assert {"qwertyuiop", "iloveyou", "1qaz2wsx"} <= common
    assert all(len(word) >= 8 and word == word.casefold() for word in common)


@pytest.mark.parametrize(
    ("name", "known"), [("Europe/Berlin", True), ("UTC", True), ("Mars/Olympus", False), ("", False)]
)
def test_zones_are_those_of_the_machine(name: str, known: bool) -> None:
    assert is_time_zone(name) is known
