"""Replay: post what a file holds to a running server over HTTP, so that a second replay changes nothing."""
