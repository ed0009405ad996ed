"""Settings: tokens, roles, thresholds, the audit log, retention."""
