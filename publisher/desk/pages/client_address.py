"""The address of a client as the audit log has it."""

from __future__ import annotations

from publisher.desk.desk import Desk
from publisher.desk.pages.printing import DeskRequest
from publisher.web.capacity.client_budget import ClientBudgets


def address_mac(request: DeskRequest) -> str:
    """Return a MAC of the client's address: equal addresses can be told, none can be read."""
    desk: Desk = request.app.state.desk
    budgets: ClientBudgets = request.app.state.budgets
    return desk.people.key.mac("address", budgets.address_of(request.scope))
