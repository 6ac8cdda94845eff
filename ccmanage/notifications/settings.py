"""What an administrator decides about alerts."""

from typing import Final

from ccmanage.settings.kinds import Whole, Words, whole

SILENT_MINUTES: Final = whole(
    "alerts.gateway_silent_minutes",
    60,
    Words("Silence of a gateway", "网关静默时间"),
    Words(
        "After so many minutes without a post administrators are told; a gateway that never spoke is not missed.",
        "超过该分钟数没有上报时通知管理员；从未上报过的网关不会提醒。",
    ),
    kind=Whole(5, 7 * 24 * 60, "minutes"),
)

SETTINGS: Final = (SILENT_MINUTES,)
