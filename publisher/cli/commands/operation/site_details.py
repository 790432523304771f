"""Commands about what the site says of itself."""

from __future__ import annotations

import click
from msgspec import structs

from publisher.cli.context import JSON, CommandContext, with_context
from publisher.cli.terminal import output

_LABELS = {
    "name": "名称 name",
    "name_en": "英文名称 English",
    "owner": "主办单位 owner",
    "operator": "承办单位 operator",
    "contact": "联系方式 contact",
    "corrections": "纠错地址 corrections",
    "code": "网站标识码 code",
    "icp": "ICP 备案号 icp",
    "police": "公安备案号 police",
}


@click.group()
def site() -> None:
    """站点的名称、主办单位和联系方式 / Name of the site, the body responsible for it, and its contact."""


@site.command("set")
@click.option("--name", help="站点名称，如示例市人民政府清单公开 / Name of the site.")
@click.option("--name-en", help="英文名称 / Name in English.")
@click.option("--owner", help="主办单位 / The body that is responsible for the site.")
@click.option("--operator", help="承办单位 / The body that runs the site.")
@click.option("--contact", help="联系方式 / Contact for readers.")
@click.option(
    "--corrections",
    help="纠错地址：邮箱或网址，本站没有纠错表单时用 / Where mistakes are reported, if there is no form.",
)
@click.option("--code", help="网站标识码 / Identification code of the site.")
@click.option("--icp", help="ICP 备案号 / ICP registration number.")
@click.option("--police", help="公安备案号 / Registration number of the public security office.")
@with_context
def set_(context: CommandContext, /, **details: str | None) -> None:
    """更改站点信息，记入日志；空白即不再写明 / Change details of the site, as an entry of the log."""
    changes = {name: text for name, text in details.items() if text is not None}
    if not changes:
        raise click.UsageError("没有写明要更改什么 / name at least one detail")
    with context.log() as log:
        before, _ = log.datasets.site_details()
        after = log.datasets.change_site(**changes)
    if after == before:
        output.print_message("没有变化。", "Nothing changes.")
        return
    output.print_message("已更改站点信息，并记入日志。", "Changed the site; the log has the entry.")


@site.command("show")
@JSON
@with_context
def show(context: CommandContext, *, as_json: bool) -> None:
    """显示站点信息 / Show the details of the site."""
    with context.log(read_only=True) as log:
        details = structs.asdict(log.datasets.site_details()[0])
    if as_json:
        output.print_json(details)
        return
    output.print_pairs([(label, details[name]) for name, label in _LABELS.items()])


COMMANDS: tuple[click.Command, ...] = (site,)
