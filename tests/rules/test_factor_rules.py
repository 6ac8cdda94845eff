"""Codes of second factors: which step they belong to, once each; how long to wait after wrong ones."""

import pyotp
import pytest

from ccmanage.accounts import factor_rules as rules
from ccmanage.accounts.devices import device_of, network_of

# The secret and the times of RFC 6238's appendix B (SHA-1), cut to six digits.
TOTP = pyotp.TOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
PUBLISHED = [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924")]


def step(code: str, seconds: int, last: int = 0) -> int | None:
    return rules.accepted_step(code, seconds * 1000, last, TOTP.generate_otp)


@pytest.mark.parametrize(("seconds", "code"), PUBLISHED)
def test_published_codes_are_right_at_their_time(seconds: int, code: str) -> None:
    assert step(code, seconds) == seconds // 30


@pytest.mark.parametrize(("late", "right"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_one_step_of_drift_is_forgiven(late: int, right: bool) -> None:
    assert (step("050471", 1111111111 + late) is not None) is right


def test_a_step_is_accepted_once_and_none_before_it() -> None:
    now = 1111111111
    used = step("050471", now)
    assert used is not None
    assert step("050471", now, used) is None
    assert step(TOTP.at(now - 30), now, used) is None
    assert step(TOTP.at(now + 30), now, used) == used + 1


@pytest.mark.parametrize("code", ["", "05047", "0504711", "abcdef", "٠٥٠٤٧١", "-50471", "050 47x"])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert step(code, 1111111111) is None


def test_spaces_as_apps_show_them_do_not_matter() -> None:
    assert step("050 471", 1111111111) is not None


def test_recovery_codes_are_different_and_read_as_typed() -> None:
    codes = {rules.new_recovery_code() for _ in range(100)}
    assert len(codes) == 100
    code = codes.pop()
    assert rules.plain_recovery_code(f" {code.upper().replace('-', ' ')} ") == code.replace("-", "")
    for wrong in ("", "123456", code[:-1], code + "a", "0" * 10, "lllll-ooooo"):
        assert rules.plain_recovery_code(wrong) is None


def test_the_wait_is_free_at_first_then_doubles_to_an_hour() -> None:
    waits = [rules.wait_after(failures) // 1000 for failures in (0, 4, 5, 6, 7, 15, 16, 17, 400)]
    assert waits == [0, 0, 2, 4, 8, 2048, 3600, 3600, 3600]


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", ("Firefox", "Linux")),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
                " Safari/537.36 Edg/140.0.0.0"
            ),
            ("Edge", "Windows"),
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
                " Version/18.0 Mobile/15E148 Safari/604.1"
            ),
            ("Safari", "iPhone"),
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
                " Mobile Safari/537.36"
            ),
            ("Chrome", "Android"),
        ),
        ("curl/8.14.1", ("curl/8.14.1", "")),
        ("Mozilla/5.0", ("", "")),
        ("<script>alert(1)</script>", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_device_is_told_from_what_its_browser_says(agent: str, device: tuple[str, str]) -> None:
    assert device_of(agent) == device


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), ("testclient", ""), ("", "")],
)
def test_a_network_names_no_machine(address: str, network: str) -> None:
    assert network_of(address) == network
