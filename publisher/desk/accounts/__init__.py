"""Who may use the desk: accounts, passwords, roles and the audit log, in a store apart."""
