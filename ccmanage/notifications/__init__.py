"""Whom to tell what: thresholds and their alerts, what happened, the portal's list, mails, webhooks."""
