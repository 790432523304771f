"""The store of the desk: accounts, roles, tokens and sessions, the audit log and acts without a line in it,
schedules, stored answers, and readers' corrections that wait.
"""
