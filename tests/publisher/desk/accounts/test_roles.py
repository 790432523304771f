"""Who may do what: the whole matrix, written out by hand, and the action of every route."""

from __future__ import annotations

import pytest
from litestar import get

from publisher.desk.accounts.roles import Action, Grant, Role, check_grants, may, parse_grant
from publisher.desk.app import HANDLERS
from publisher.desk.http.guards import ACTION, ENTRANCE, check_actions
from publisher.log.model import LogError

# fmt: off
MATRIX = """
                 填报  审核  发布  系统管理  安全管理  督查
own-account      yes   yes   yes   yes       yes       yes
read-draft       yes   yes   yes   yes       -         yes
hand-in          yes   -     -     -         -         -
submit           yes   -     -     -         -         -
approve          -     yes   -     -         -         -
return           -     yes   -     -         -         -
publish          -     -     yes   -         -         -
read-settings    -     -     -     yes       -         yes
manage-datasets  -     -     -     yes       -         -
read-accounts    -     -     -     -         yes       yes
manage-accounts  -     -     -     -         yes       -
manage-keys      -     -     -     -         yes       -
read-audit       -     -     -     -         -         yes
"""
# fmt: on
ROLES = MATRIX.split("\n")[1].split()
ROWS = [line.split() for line in MATRIX.splitlines()[2:]]
CELLS = [(role, action, word) for action, *words in ROWS for role, word in zip(ROLES, words, strict=True)]

ROUTES = """
GET /                     own-account
POST /sign-out            own-account
GET /password             own-account
POST /password            own-account
GET /sign-in              entrance
POST /sign-in             entrance
GET /link/{token}         entrance
POST /link/{token}        entrance
GET /invitation/{token}   entrance
POST /invitation/{token}  entrance
GET /assets/{name}        entrance
GET /drafts/{dataset}               read-draft
POST /drafts/{dataset}/imports      hand-in
POST /drafts/{dataset}/discard      hand-in
GET /drafts/{dataset}/proposals     hand-in
POST /drafts/{dataset}/proposals    hand-in
POST /drafts/{dataset}/submissions  submit
GET /drafts/{dataset}/preview           read-draft
GET /drafts/{dataset}/sheet             read-draft
POST /drafts/{dataset}/columns          hand-in
GET /drafts/{dataset}/annotated         read-draft
GET /drafts/{dataset}/template          read-draft
GET /drafts/{dataset}/rows/{position}   hand-in
POST /drafts/{dataset}/rows/{position}  hand-in
GET /records/{dataset}                  submit
GET /records/{dataset}/{record}         submit
POST /records/{dataset}/{record}        submit
GET /releases/{dataset}                 read-draft
GET /releases/{dataset}/{number}        read-draft
POST /releases/{dataset}/{number}       submit
GET /requests                           submit
GET /requests/{request_id}              submit
POST /requests/{request_id}/accept      submit
POST /requests/{request_id}/reject      submit
GET /answers                            hand-in
GET /answers/{finding}                  hand-in
POST /answers/{finding}                 hand-in
GET /submissions/{key}              read-draft
GET /submissions/{key}/preview      read-draft
POST /submissions/{key}/approve     approve
POST /submissions/{key}/return      return
POST /submissions/{key}/publish     publish
POST /submissions/{key}/schedule    publish
POST /submissions/{key}/unschedule  publish
POST /submissions/{key}/cancel      submit
GET /accounts                       read-accounts
POST /accounts                      manage-accounts
GET /accounts/{name}                read-accounts
POST /accounts/{name}/roles         manage-accounts
POST /accounts/{name}/invitation    manage-accounts
POST /accounts/{name}/disable       manage-accounts
POST /accounts/{name}/tokens        manage-accounts
POST /tokens/{number}/revoke        manage-accounts
GET /oidc                           entrance
GET /oidc/callback                  entrance
GET /audit                          read-audit
GET /audit/export                   read-audit
GET /settings                       read-settings
POST /settings                      manage-datasets
GET /datasets                       read-settings
POST /datasets                      manage-datasets
GET /datasets/{dataset}             read-settings
POST /datasets/{dataset}            manage-datasets
POST /datasets/{dataset}/parts          manage-datasets
POST /datasets/{dataset}/parts/rename   manage-datasets
POST /datasets/{dataset}/parts/merge    manage-datasets
POST /datasets/{dataset}/parts/close    manage-datasets
GET /subscriptions                      read-settings
POST /subscriptions                     manage-datasets
POST /subscriptions/{name}/confirm      manage-datasets
POST /subscriptions/{name}/remove       manage-datasets
GET /documents                            read-draft
GET /documents/{dataset}                  read-draft
POST /documents/{dataset}/repeals         hand-in
GET /documents/{dataset}/{token}          read-draft
POST /documents/{dataset}/{token}/leave-out  hand-in
GET /sources                            manage-datasets
POST /sources                           manage-datasets
POST /sources/dry-run                   manage-datasets
GET /sources/{source}                   read-settings
GET /keys                               read-accounts
POST /keys                              manage-keys
GET /desk/v1/openapi.json                entrance
POST /desk/v1/drafts/{dataset}/imports   hand-in
GET /desk/v1/drafts/{dataset}            read-draft
GET /desk/v1/drafts/{dataset}/diff       read-draft
GET /desk/v1/drafts/{dataset}/findings   read-draft
POST /desk/v1/drafts/{dataset}/submit    submit
POST /desk/v1/records/{dataset}/{record}/amendments  submit
POST /desk/v1/releases/{dataset}/{number}/withdrawal  submit
GET /desk/v1/submissions                 read-draft
GET /desk/v1/submissions/{key}           read-draft
POST /desk/v1/submissions/{key}/approve  approve
POST /desk/v1/submissions/{key}/return   return
POST /desk/v1/submissions/{key}/publish  publish
POST /desk/v1/submissions/{key}/schedule    publish
POST /desk/v1/submissions/{key}/unschedule  publish
POST /desk/v1/submissions/{key}/cancel      submit
GET /desk/v1/sources                        read-settings
GET /desk/v1/sources/{source}               read-settings
POST /desk/v1/sources                       manage-datasets
POST /desk/v1/sources/dry-run               manage-datasets
GET /desk/v1/documents/{dataset}            read-draft
GET /desk/v1/documents/{dataset}/{token}    read-draft
POST /desk/v1/documents/{dataset}/{token}/leave-out  hand-in
GET /desk/v1/drafts/{dataset}/repeals       read-draft
POST /desk/v1/drafts/{dataset}/repeals      hand-in
"""


def test_the_matrix_covers_every_role_and_every_action() -> None:
    assert sorted(ROLES) == sorted(Role)
    assert sorted(action for action, *_ in ROWS) == sorted(Action)


@pytest.mark.parametrize(("role", "action", "word"), CELLS)
def test_a_role_may_do_what_the_matrix_says(role: str, action: str, word: str) -> None:
    assert may([Grant(Role(role))], Action(action)) == (word == "yes")


def test_nobody_may_do_anything_without_a_role() -> None:
    assert not any(may([], action) for action in Action)


def test_every_route_has_the_action_that_is_written_here() -> None:
    routes = {
        f"{method} {path}".replace(":str", "").replace(":int", ""): str(handler.opt[ACTION])
        for handler in HANDLERS
        for path in handler.paths
        for method in handler.http_methods
    }
    expected = [line.rsplit(maxsplit=1) for line in ROUTES.strip().splitlines()]
    assert routes == {route.strip(): action for route, action in expected}


def test_the_desk_does_not_start_with_a_route_that_belongs_to_no_action() -> None:
    @get("/forgotten", sync_to_thread=False)
    def forgotten() -> str:
        return ""

    check_actions(HANDLERS)
    with pytest.raises(ValueError, match="/forgotten"):
        check_actions([*HANDLERS, forgotten])
    assert forgotten.opt.get(ACTION) != ENTRANCE


def test_a_role_for_one_part_reaches_that_part_only() -> None:
    grants = [parse_grant("填报:fees:财政局")]
    assert may(grants, Action.HAND_IN, "fees", "财政局")
    assert not may(grants, Action.HAND_IN, "fees", "民政局")
    assert not may(grants, Action.HAND_IN, "fees", None)
    assert not may(grants, Action.HAND_IN, "powers", "财政局")
    assert may([parse_grant("填报:fees")], Action.HAND_IN, "fees", None)


@pytest.mark.parametrize(
    "roles",
    ["系统管理 安全管理", "系统管理 督查", "安全管理 督查", "督查 审核", "填报 督查"],
)
def test_no_account_holds_two_of_the_three_officers_and_an_auditor_nothing_else(roles: str) -> None:
    with pytest.raises(LogError) as refused:
        check_grants([parse_grant(role) for role in roles.split()])
    assert refused.value.code == "roles-conflict"


def test_one_person_may_draft_and_approve_for_different_parts() -> None:
    check_grants([parse_grant("填报:fees:财政局"), parse_grant("审核:fees:民政局"), parse_grant("系统管理")])


def test_an_unknown_role_is_named() -> None:
    with pytest.raises(LogError, match="督察"):
        parse_grant("督察")
