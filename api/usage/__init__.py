"""What was used and what it cost; the quarantine, for administrators."""
