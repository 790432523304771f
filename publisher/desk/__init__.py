"""The desk: accounts, roles and pages with which departments hand in, approve and publish."""
