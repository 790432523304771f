"""Commands about datasets and their parts."""

from __future__ import annotations

from datetime import date

import click
from msgspec import structs

from publisher.cli.commands.publishing.publish import ACTOR, BASIS, EMERGENCY
from publisher.cli.context import DAY, JSON, CommandContext, today, with_context
from publisher.cli.terminal import output


@click.group()
def dataset() -> None:
    """数据集及其报送部门 / Datasets and their parts."""


@dataset.command()
@click.argument("name")
@click.option(
    "--catalogue", required=True, help="清单类型，见 catalogue list / Its kind of list; see catalogue list."
)
@click.option("--title", required=True, help="标题 / Title.")
@click.option("--title-en", default="", help="英文标题 / Title in English.")
@click.option("--body", required=True, help="公布机关 / The publishing body.")
@click.option("--division", help="行政区划代码，如210300 / GB/T 2260 code of its area.")
@click.option("--licence", required=True, help="许可，如 CC-BY-4.0 / Licence.")
@click.option("--contact", required=True, help="联系方式 / Contact for readers.")
@click.option("--description", default="", help="说明 / What it is.")
@click.option("--notice", default="", help="读者须知，如“演示数据” / What readers must know first.")
@click.option(
    "--label", "labels", multiple=True, help="标签，如 demo、partial，可重复 / Label; may be repeated."
)
@click.option("--source-note", default="", help="数据来源 / Source of the data.")
@with_context
def create(
    context: CommandContext,
    name: str,
    catalogue: str,
    title: str,
    title_en: str,
    body: str,
    division: str | None,
    licence: str,
    contact: str,
    description: str,
    notice: str,
    labels: tuple[str, ...],
    source_note: str,
) -> None:
    """建立数据集 / Create a dataset."""
    from publisher.log.model import Dataset

    _check_division(division)
    definition = context.catalogue(catalogue)
    new_dataset = Dataset(
        name=name,
        catalogue=definition.name,
        title=title,
        title_en=title_en,
        body=body,
        division=division,
        licence=licence,
        contact=contact,
        description=description,
        notice=notice,
        labels=labels,
        source_note=source_note,
    )
    with context.log() as log:
        log.datasets.create(new_dataset, definition)
    output.print_message(
        f"已建立数据集 {name}（{definition.title}）。", f"Created the dataset {name} ({definition.title_en})."
    )


@dataset.command("set")
@click.argument("name")
@click.option("--title", help="标题 / Title.")
@click.option("--title-en", help="英文标题 / Title in English.")
@click.option("--body", help="公布机关 / The publishing body.")
@click.option("--division", help="行政区划代码 / GB/T 2260 code of its area.")
@click.option("--licence", help="许可 / Licence.")
@click.option("--contact", help="联系方式 / Contact for readers.")
@click.option("--description", help="说明 / What it is.")
@click.option("--notice", help="读者须知 / What readers must know first.")
@click.option(
    "--label", "labels", multiple=True, help="标签，取代原有的，可重复 / Labels, instead of the old ones."
)
@click.option("--source-note", help="数据来源 / Source of the data.")
@click.option(
    "--two-persons/--one-person",
    default=None,
    help="发布须（不须）经另一人审核 / Whether nothing is published without a second person.",
)
@click.option(
    "--update-months",
    type=click.IntRange(0, 120),
    help="承诺每几个月更新一次；写0即不承诺 / Months within which it is published again; 0: no promise.",
)
@with_context
def set_(
    context: CommandContext,
    /,
    name: str,
    division: str | None,
    labels: tuple[str, ...],
    *,
    two_persons: bool | None,
    update_months: int | None,
    **texts: str | None,
) -> None:
    """更改数据集的标题、公布机关、许可等，记入日志 / Change details of a dataset, as an entry of the log."""
    _check_division(division)
    changes: dict[str, object] = {key: text for key, text in texts.items() if text is not None}
    changes |= {"division": division or None} if division is not None else {}
    changes |= {"labels": labels} if labels else {}
    changes |= {"two_persons": two_persons} if two_persons is not None else {}
    changes |= {"update_months": update_months or None} if update_months is not None else {}
    if not changes:
        raise click.UsageError("没有写明要更改什么 / name at least one detail")
    with context.log() as log:
        before = log.datasets.get(name)
        after = log.datasets.change(name, **changes)
    if after == before:
        output.print_message("没有变化。", "Nothing changes.")
        return
    output.print_message(
        f"已更改数据集 {name}，并记入日志。", f"Changed the dataset {name}; the log has the entry."
    )
    if (after.body, after.division) != (before.body, before.division):
        output.print_message(
            "公布机关或行政区划已更改，请运行 qingdan reindex，使搜索按新的筛选。",
            "The body or the division changed: run qingdan reindex, so that search filters by the new one.",
        )


def _check_division(code: str | None) -> None:
    """Raise ``click.BadParameter`` for a code that GB/T 2260 does not have."""
    from schemas.reference import administrative_divisions

    if code and administrative_divisions.name_of(code) is None:
        raise click.BadParameter(
            f"{code!r}：没有这个代码 / there is no code {code!r}", param_hint="--division"
        )


@dataset.command("list")
@JSON
@with_context
def list_(context: CommandContext, *, as_json: bool) -> None:
    """列出数据集 / List the datasets."""
    with context.log() as log:
        datasets = log.datasets.all()
    if as_json:
        output.print_json([structs.asdict(one) for one in datasets])
        return
    rows = [[one.name, one.title, one.catalogue, one.body, len(one.parts) or ""] for one in datasets]
    output.print_table(
        ["名称 name", "标题 title", "清单类型 catalogue", "公布机关 body", "报送部门 parts"], rows
    )


@dataset.command()
@click.argument("name")
@JSON
@with_context
def show(context: CommandContext, name: str, *, as_json: bool) -> None:
    """一个数据集 / One dataset."""
    with context.log() as log:
        one = log.datasets.get(name)
        releases = log.queries.releases(name)
    if as_json:
        output.print_json({**structs.asdict(one), "releases": len(releases)})
        return
    labels = (
        "名称 name",
        "清单类型 catalogue",
        "标题 title",
        "英文 English",
        "公布机关 body",
        "行政区划 division",
    )
    values = (one.name, one.catalogue, one.title, one.title_en, one.body, one.division)
    output.print_pairs(list(zip(labels, values, strict=True)))
    output.print_pairs(
        [("许可 licence", one.licence), ("联系 contact", one.contact), ("说明 description", one.description)]
    )
    output.print_pairs(
        [
            ("提示 notice", one.notice),
            ("标签 labels", "、".join(one.labels)),
            ("来源 source", one.source_note),
        ]
    )
    output.print_pairs(
        [("发布 releases", len(releases)), ("报送部门 parts", "、".join(p.name for p in one.parts))]
    )


@dataset.command()
@click.argument("name")
@click.option(
    "--catalogue",
    help="新的清单类型，默认为同一类型的现行定义 / Another kind of list; by default the current definition.",
)
@click.option("--effective-on", type=DAY, help="生效日期，默认今天 / Day of effect; today by default.")
@BASIS
@click.option("--note", default="", help="说明 / Note.")
@ACTOR
@EMERGENCY
@with_context
def migrate(
    context: CommandContext,
    name: str,
    catalogue: str | None,
    effective_on: date | None,
    basis: str,
    note: str,
    actor: str,
    emergency: str,
) -> None:
    """换用新的清单类型定义，作为一次发布 / Migrate to a new definition; this is a release."""
    with context.log() as log:
        to = context.catalogue(catalogue or log.datasets.get(name).catalogue)
        release = log.releases.migrate(
            name,
            to,
            effective_on=effective_on or today(),
            basis=basis,
            reason=note,
            actor=actor,
            emergency=emergency,
        )
    output.print_message(
        f"已换用清单类型 {to.name}，第{release.number}次发布。", f"Migrated, release {release.number}."
    )


@dataset.group()
def part() -> None:
    """报送部门：各报送一份表格的单位 / Parts: the departments that each submit a share."""


@part.command("add")
@click.argument("dataset_name", metavar="DATASET")
@click.argument("names", metavar="PART...", nargs=-1, required=True)
@click.option(
    "--alias",
    "aliases",
    multiple=True,
    help="别名，可重复，只用于一个部门 / Alias; may be repeated, for one part.",
)
@click.option("--code", help="代码 / Code (for one part).")
@click.option("--valid-from", type=DAY, help="自何日起 / From which day.")
@with_context
def part_add(
    context: CommandContext,
    dataset_name: str,
    names: tuple[str, ...],
    aliases: tuple[str, ...],
    code: str | None,
    valid_from: date | None,
) -> None:
    """添加报送部门 / Add parts."""
    from publisher.log.model import Part

    if len(names) > 1 and (aliases or code):
        raise click.UsageError("--alias 和 --code 只用于一个部门 / --alias and --code go with one part")
    with context.log() as log:
        for name in names:
            log.datasets.add_part(dataset_name, Part(name, aliases=aliases, code=code, valid_from=valid_from))
    output.print_message(f"已添加：{'、'.join(names)}。", f"Added: {', '.join(names)}.")


@part.command("rename")
@click.argument("dataset_name", metavar="DATASET")
@click.argument("old")
@click.argument("new")
@with_context
def part_rename(context: CommandContext, dataset_name: str, old: str, new: str) -> None:
    """报送部门更名，旧名保留为别名 / Rename a part; the old name stays an alias."""
    with context.log() as log:
        log.datasets.rename_part(dataset_name, old, new)
    output.print_message(f"“{old}”已更名为“{new}”。", f"{old} is now {new}.")


@part.command("merge")
@click.argument("dataset_name", metavar="DATASET")
@click.argument("old")
@click.argument("into")
@with_context
def part_merge(context: CommandContext, dataset_name: str, old: str, into: str) -> None:
    """部门合并：OLD 并入 INTO / Merge a part into another, which takes over its records."""
    with context.log() as log:
        log.datasets.merge_parts(dataset_name, old, into)
    output.print_message(f"“{old}”已并入“{into}”。", f"{old} was merged into {into}.")


@part.command("close")
@click.argument("dataset_name", metavar="DATASET")
@click.argument("name", metavar="PART")
@click.option(
    "--on", "valid_to", type=DAY, help="自何日起不再有效，默认今天 / From which day; today by default."
)
@with_context
def part_close(context: CommandContext, dataset_name: str, name: str, valid_to: date | None) -> None:
    """部门撤销 / Close a part."""
    with context.log() as log:
        log.datasets.close_part(dataset_name, name, valid_to=valid_to or today())
    output.print_message(f"“{name}”已撤销。", f"{name} is closed.")


@part.command("list")
@click.argument("dataset_name", metavar="DATASET")
@JSON
@with_context
def part_list(context: CommandContext, dataset_name: str, *, as_json: bool) -> None:
    """列出报送部门 / List the parts."""
    with context.log() as log:
        parts = log.datasets.get(dataset_name).parts
    if as_json:
        output.print_json([structs.asdict(one) for one in parts])
        return
    rows = [[p.name, "、".join(p.aliases), p.code or "", p.valid_from or "", p.valid_to or ""] for p in parts]
    output.print_table(["报送部门 part", "别名 aliases", "代码 code", "起 from", "止 to"], rows)


COMMANDS: tuple[click.Command, ...] = (dataset,)
