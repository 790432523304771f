"""Messages of click about wrong usage, in Chinese or English."""

from __future__ import annotations

import re

import click

from publisher.cli.terminal.language import in_language
from publisher.cli.terminal.output import print_message

_CHINESE: tuple[tuple[str, str], ...] = (
    (r"Missing command\.", "缺少子命令"),
    (r"No such command (.+)\.", "没有命令{0}"),
    (r"No such option (.+)\.", "没有选项{0}"),
    (r"Got unexpected extra arguments? \((.+)\)", "多出参数：{0}"),
    (r"Option (.+) requires an argument\.", "选项{0}需要一个值"),
    (r"Option (.+) requires (\d+) arguments\.", "选项{0}需要{1}个值"),
    (r"Option (.+) does not take a value\.", "选项{0}不带值"),
    (r"Argument (.+) takes (\d+) values\.", "参数{0}需要{1}个值"),
    (r"(.+) is not a valid integer( range)?\.", "{0}不是整数"),
    (r"(.+) is not a valid (?:float|number)( range)?\.", "{0}不是数字"),
    (r"(.+) is not in the range (.+)\.", "{0}不在范围{1}内"),
    (r"(.+) is not one of (.+)\.", "{0}不是可选的值：{1}"),
    (r"(?:\S+) (.+) does not exist\.", "没有{0}"),
    (r"(?:\S+) (.+) is a file\.", "{0}是文件，不是文件夹"),
    (r"(?:\S+) (.+) is a directory\.", "{0}是文件夹，不是文件"),
    (r"(?:\S+) (.+) is not readable\.", "不能读取{0}"),
    (r"(?:\S+) (.+) is not writable\.", "不能写入{0}"),
)
"""Message of click, as a regular expression → its Chinese form."""
_QUOTED = re.compile("'([^']*)'")


def show_usage_error(error: click.ClickException) -> None:
    """Print the usage of the command, how to get help, and the error. A group alone prints its help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    lines = []
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        pieces = " ".join([context.command_path, *context.command.collect_usage_pieces(context)])
        lines.append(in_language(f"用法：{_in_chinese(pieces)}", f"Usage: {pieces}"))
        command = f"{context.command_path} --help"
        lines.append(in_language(f"查看帮助：{command}", f"For help: {command}"))
    zh, en = explain_usage_error(error)
    zh = _QUOTED.sub("“\\1”", zh)
    lines.append(in_language(f"命令用法有误：{zh}。", f"Usage error: {en}"))
    for line in lines:
        print_message(line)


def _in_chinese(usage: str) -> str:
    for english, chinese in (("[OPTIONS]", "[选项]"), ("COMMAND [ARGS]...", "命令 [参数]...")):
        usage = usage.replace(english, chinese)
    return usage


def explain_usage_error(error: click.ClickException) -> tuple[str, str]:
    """Return what is wrong in Chinese and in English."""
    match error:
        case click.MissingParameter():
            name = error.param.get_error_hint(error.ctx) if error.param else error.param_hint
            kind = "参数" if isinstance(error.param, click.Argument) else "选项"
            return f"缺少{kind}{name}", error.format_message()
        case click.BadParameter():
            hint = error.param_hint or (error.param.get_error_hint(error.ctx) if error.param else "")
            names = hint if isinstance(hint, str) else " / ".join(hint)
            zh, en = translate(error.message)
            return f"{names}的值有误：{zh}", f"invalid value for {names}: {en}"
        case click.exceptions.NoSuchOption() | click.exceptions.NoSuchCommand():
            zh, en = translate(error.message)
            similar = "、".join(error.possibilities or ())
            return f"{zh}。相近的有：{similar}" if similar else zh, error.format_message()
    return translate(error.format_message())


def translate(message: str) -> tuple[str, str]:
    """Return (Chinese, English) of a message of click, or of one of our own, ``中文 / English``.

    A message of click that :data:`_CHINESE` does not have is English in both.
    """
    zh, slash, en = message.partition(" / ")
    if slash and re.search("[\u4e00-\u9fff]", zh):
        return zh, en
    for pattern, chinese in _CHINESE:
        if match := re.fullmatch(pattern, message, re.DOTALL):
            return chinese.format(*match.groups()), message
    return message, message
