"""One's own work, sign-out and password."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from publisher.desk import reader_corrections, responses, work
from publisher.desk.accounts.accounts import Account
from publisher.desk.accounts.credentials import SHORTEST_PASSWORD, check_repeated
from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.client_address import address_mac
from publisher.desk.http.guards import ACTION, PASSWORDS
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.desk.work import person_of
from publisher.log.approvals.submission import Submission
from publisher.log.clocks import SHANGHAI, day_at
from publisher.log.model import LogError

_OPT = {ACTION: Action.OWN_ACCOUNT}
_FORM = Body(media_type=RequestEncodingType.URL_ENCODED)


class PasswordForm(msgspec.Struct, frozen=True):
    """The present password, and the new one twice."""

    current: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    password: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    again: Annotated[str, msgspec.Meta(max_length=1000)] = ""


@get("/", opt=_OPT)
@in_thread
def my_work(request: DeskRequest, state: State) -> Response[bytes]:
    """Show the submissions that wait for the account, its own, those that came back, and its datasets."""
    desk: Desk = state.desk
    account = request.user
    waiting = [one for one in desk.log.approvals.list() if work.may_read(desk, account, one)]
    returned = [one for one in desk.log.approvals.list(states=("returned",)) if one.drafter == account.name]
    own = [one for one in waiting if one.drafter == account.name]

    def mine(action: Action, submission_state: str) -> list[Submission]:
        others = [one for one in waiting if one.state == submission_state and one not in own]
        return [one for one in others if account.may_in(action, one.dataset)]

    schedules = desk.staff.schedules.all()
    failed = [one for one in waiting if one.key in schedules and not schedules[one.key].is_waiting]
    lists = (
        (
            ("定时发布失败", "Not published at its time"),
            [one for one in failed if _may_publish(account, one)],
        ),
        (("等待我审核", "Waits for my review"), mine(Action.APPROVE, "submitted")),
        (("等待我发布", "Waits for my publication"), mine(Action.PUBLISH, "approved")),
        (("退回给我的", "Came back"), returned),
        (("我提交的", "What I submitted"), own),
    )
    return page(
        request,
        "my_work.html",
        lists=lists,
        scheduled={key: one.at.astimezone(SHANGHAI) for key, one in schedules.items() if one.is_waiting},
        titles={dataset.name: dataset.title for dataset in desk.log.datasets.all()},
        datasets=work.datasets_for(desk, account, Action.HAND_IN),
        deadlines=work.deadlines(desk, account),
        today=day_at(desk.clock()),
        requests=len(reader_corrections.list_open(desk, person_of(request))),
        has_findings=any(count for _, _, count in responses.list_unanswered(desk, account)),
        amendable=[dataset for dataset, _ in work.datasets_for(desk, account, Action.SUBMIT)],
    )


def _may_publish(account: Account, one: Submission) -> bool:
    return account.may_in(Action.PUBLISH, one.dataset)


@post("/sign-out", opt=_OPT)
@in_thread
def sign_out(request: DeskRequest, state: State) -> Redirect:
    """End the session."""
    desk: Desk = state.desk
    name = request.user.name
    desk.staff.accounts.append_audit_line("sign-out", actor=name, subject=name, address=address_mac(request))
    request.clear_session()
    return see("/sign-in")


@get("/password", opt=_OPT)
@in_thread
def password_page(request: DeskRequest) -> Response[bytes]:
    """Show the form of a new password."""
    return page(request, "password.html", shortest=SHORTEST_PASSWORD)


@post("/password", opt={**_OPT, PASSWORDS: True})
@in_thread
def change_password(
    request: DeskRequest, state: State, data: Annotated[PasswordForm, _FORM]
) -> Response[Any]:
    """Change the password, which ends all sessions of the account."""
    desk: Desk = state.desk
    try:
        check_repeated(data.password, data.again)
        desk.staff.accounts.change_password(
            request.user.name, current=data.current, new=data.password, address=address_mac(request)
        )
    except LogError as error:
        return page(request, "password.html", status_code=403, fault=error, shortest=SHORTEST_PASSWORD)
    request.clear_session()
    return see("/sign-in")


HANDLERS = [my_work, sign_out, password_page, change_password]
