"""What can go wrong with thresholds, notifications and webhooks."""

from ccmanage.core.errors import DomainError, Forbidden, Kind, NotFound


class ThresholdNotFound(NotFound):
    """There is no such threshold, or it is somebody else's."""

    code = "alerts.threshold_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such threshold.")


class ThresholdExists(DomainError):
    """The same threshold is there already."""

    kind, code = Kind.CONFLICT, "alerts.threshold_exists"

    def __init__(self) -> None:
        super().__init__("There is such a threshold already. Change that one, or choose another value.")


class TooManyThresholds(DomainError):
    """A workspace has as many thresholds as it may."""

    kind, code = Kind.CONFLICT, "alerts.too_many_thresholds"

    def __init__(self, most: int) -> None:
        super().__init__(f"At most {most} thresholds are possible here. Remove one first.")


class SharedNeedsManager(Forbidden):
    """Thresholds that all managers are told of are changed by managers."""

    code = "alerts.shared_needs_manager"

    def __init__(self) -> None:
        super().__init__("Only managers and owners change thresholds of the whole workspace. Set one for yourself.")


class NotificationNotFound(NotFound):
    """There is no such notification, or it is somebody else's."""

    code = "notifications.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such notification.")


class WebhookNotFound(NotFound):
    """There is no such webhook, or it is somebody else's."""

    code = "webhooks.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such webhook.")


class DeliveryNotFound(NotFound):
    """There is no such delivery, or it is somebody else's."""

    code = "webhooks.delivery_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such delivery. The log keeps thirty days.")


class TooManyWebhooks(DomainError):
    """A workspace has as many webhooks as it may."""

    kind, code = Kind.CONFLICT, "webhooks.too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"At most {most} webhooks are possible. Remove one first.")


class WebhookNotActive(DomainError):
    """Nothing is sent to a webhook that is paused or switched off."""

    kind, code = Kind.CONFLICT, "webhooks.not_active"

    def __init__(self) -> None:
        super().__init__("This webhook is switched off. Switch it on first.")
