"""Codes that give credits: made in batches by an administrator, redeemed by anybody who has one."""
