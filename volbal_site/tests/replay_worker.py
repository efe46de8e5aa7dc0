"""A worker that plays the live replay and nothing else, until it is killed or the replay is over."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "volbal_site.settings")

if __name__ == "__main__":
    django.setup()
    from simulation.live_replay import advance, replay_state

    while not replay_state().is_finished:
        advance(for_s=1)
