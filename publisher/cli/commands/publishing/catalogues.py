"""Commands about catalogues: list, show and check."""

from __future__ import annotations

import json
from pathlib import Path

import click

from publisher.cli.context import JSON, CommandContext, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.failures import refuse_existing


@click.group()
def catalogue() -> None:
    """清单类型：每种一个 JSON 文件 / Kinds of list: one JSON file each."""


@catalogue.command("list")
@JSON
@with_context
def list_(context: CommandContext, *, as_json: bool) -> None:
    """列出清单类型 / List the kinds of list."""
    from schemas.definition import file_loader

    catalogues = [context.catalogue(name) for name in file_loader.list_names(context.settings.catalogues)]
    if as_json:
        output.print_json([{"name": c.name, "title": c.title, "title_en": c.title_en} for c in catalogues])
        return
    output.print_table(
        ["名称 name", "标题 title", "English"], [[c.name, c.title, c.title_en] for c in catalogues]
    )


@catalogue.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="输出清单类型定义 / Print the definition.")
@with_context
def show(context: CommandContext, name: str, *, as_json: bool) -> None:
    """一种清单类型的字段 / The fields of a kind of list and the headings that they accept."""
    one = context.catalogue(name)
    if as_json:
        output.print_json(json.loads(one.source))
        return
    output.print_pairs(
        [
            ("名称 name", one.name),
            ("标题 title", f"{one.title} / {one.title_en}"),
            ("说明 description", one.description),
        ]
    )
    output.print_pairs([("识别 identity", "; ".join(" + ".join(names) for names in one.identity))])
    rows = [
        [f.name, f.title, f.type, "必填 required" if f.required else "", "、".join(f.aliases)]
        for f in one.fields
    ]
    output.print_table(["字段 field", "标题 title", "类型 type", "必填 required", "别名 headings"], rows)


@catalogue.command()
@click.argument("file", type=click.Path(path_type=Path))
@with_context
def check(context: CommandContext, file: Path) -> None:
    """检查清单类型定义，不写入 / Check a definition; nothing is written."""
    from schemas.definition import file_loader

    one = file_loader.read_catalogue(file)
    target = context.settings.home / "catalogues" / f"{one.name}.json"
    output.print_message(
        f"清单类型“{one.title}”没有问题，共{len(one.fields)}个字段。放到 {target} 即可使用。",
        f"The catalogue {one.name} is right: {len(one.fields)} fields. Put it at {target} to use it.",
    )


@click.command()
@click.argument("name", metavar="CATALOGUE")
@click.argument(
    "target", metavar="[OUT.xlsx]", type=click.Path(path_type=Path, dir_okay=False), required=False
)
@with_context
def template(context: CommandContext, name: str, target: Path | None) -> None:
    """空白的报送模板 / A blank workbook for departments: headings, drop-downs, notes, an example."""
    from publisher.workflow.template_workbook import write_template

    one = context.catalogue(name)
    path = target or Path(f"{one.title}模板.xlsx")
    refuse_existing(path)
    path.write_bytes(write_template(one))
    output.print_message(f"已写出模板：{path}", f"Wrote the template {path}.")


COMMANDS: tuple[click.Command, ...] = (catalogue, template)
