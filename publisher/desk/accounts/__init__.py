"""Accounts, passwords, roles and the audit log of the desk, in a store of their own."""
