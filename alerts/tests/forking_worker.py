"""Forks one worker for each line it reads, so that a test can kill it and needn't wait for Django to start.

A line is the port of the mail server, and by how many seconds the worker's clock is ahead.
"""

import os
import signal
import sys
from datetime import timedelta

import django


def work(mail_port: int, ahead: int) -> None:
    """Deliver until nothing is due."""
    from django.conf import settings
    from django.utils import timezone

    from alerts.delivery import deliver_alerts

    settings.EMAIL_PORT = mail_port
    while deliver_alerts(clock=lambda: timezone.now() + timedelta(seconds=ahead)):
        pass


def main() -> None:
    django.setup()
    import alerts.delivery  # noqa: F401  once, before the forks

    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            work(*map(int, line.split()))
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(-signal.SIGKILL if os.WIFSIGNALED(status) else os.WEXITSTATUS(status), flush=True)


if __name__ == "__main__":
    main()
