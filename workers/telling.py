"""Tell what happened and send it to webhooks, as long as there is something."""

from collections.abc import Callable

from ccmanage.bootstrap import Runtime


def tell_all(runtime: Runtime, *, should_stop: Callable[[], bool]) -> bool:
    """Tell whom it concerns, then send what is due; tells whether something may still wait."""
    while runtime.run(lambda scope: scope.teller.tell()):
        if should_stop():
            return True
    while runtime.run(lambda scope: scope.notification_mails.send_due()):
        if should_stop():
            return True
    return runtime.deliverer.run(should_stop=should_stop)
