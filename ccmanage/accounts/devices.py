"""What a browser says of itself, in two words, and where it is, roughly. Pure."""

import re
from ipaddress import ip_address, ip_network

_MAX_PROGRAM = 40
# In this order: nearly every browser claims to be some of the others too.
_BROWSERS = (
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"OPR/|Opera")),
    ("Samsung Internet", re.compile(r"SamsungBrowser/")),
    ("Firefox", re.compile(r"Firefox/|FxiOS/")),
    ("Chrome", re.compile(r"Chrome/|CriOS/|Chromium/")),
    ("Safari", re.compile(r"Safari/")),
)
_SYSTEMS = (
    ("iPhone", re.compile(r"iPhone")),
    ("iPad", re.compile(r"iPad")),
    ("Android", re.compile(r"Android")),
    ("Windows", re.compile(r"Windows NT")),
    ("macOS", re.compile(r"Mac OS X|Macintosh")),
    ("ChromeOS", re.compile(r"CrOS")),
    ("Linux", re.compile(r"Linux|X11")),
)
_PROGRAM = re.compile(r"[A-Za-z0-9._-]{1,40}/[A-Za-z0-9._-]{1,20}")


def device_of(user_agent: str) -> tuple[str, str]:
    """Return browser (or program) and system as far as they can be told, "" for what cannot."""
    browser = next((name for name, form in _BROWSERS if form.search(user_agent)), "")
    system = next((name for name, form in _SYSTEMS if form.search(user_agent)), "")
    if not browser and (program := _PROGRAM.match(user_agent)) and program[0].partition("/")[0] != "Mozilla":
        browser = program[0][:_MAX_PROGRAM]
    return browser, system


def network_of(address: str) -> str:
    """Return the network that an address lies in, coarse enough not to name a machine; "" if it is not an address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network(f"{parsed}/{24 if parsed.version == 4 else 48}", strict=False))
