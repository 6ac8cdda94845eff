"""Gateways: machines that verify keys and post usage, and their tokens."""
