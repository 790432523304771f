"""The address of a client as the audit log has it."""

from __future__ import annotations

from typing import Any

from litestar import Request

from publisher.desk.desk import Desk
from publisher.web.capacity.client_budget import ClientBudgets


def address_mac(request: Request[Any, Any, Any]) -> str:
    """Return a MAC of the client's address: equal addresses have equal ones, and none can be read."""
    desk: Desk = request.app.state.desk
    budgets: ClientBudgets = request.app.state.budgets
    return desk.staff.key.mac("address", budgets.address_of(request.scope))
