"""What an administrator can change while everything runs."""
