"""Failures of commands: messages in two languages with the way out, and exit codes."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import msgspec

from publisher.cli.terminal.command_hints import add_hint
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.output import print_message


class Failure(msgspec.Struct, frozen=True):
    """Why a command failed, in both languages with the way out; ``code`` never changes."""

    code: str
    zh: str
    en: str
    exit: Exit


class CommandError(Exception):
    """An error with its own message, raised by a command."""

    def __init__(self, code: str, zh: str, en: str, *, exit_code: Exit = Exit.REFUSED) -> None:
        super().__init__(f"{zh} / {en}")
        self.failure = Failure(code, zh, en, exit_code)


def refuse_existing(path: Path) -> None:
    """Raise ``CommandError('file-exists')`` if there is a file, which a command must not replace."""
    if path.exists():
        raise CommandError(
            "file-exists",
            f"已有文件 {path}，未覆盖。请另选文件名。",
            f"{path} exists and was not replaced. Choose another name.",
        )


INTERRUPTED = Failure(
    "interrupted",
    "已中断。已发布的内容和草稿没有损坏；请重新运行同一命令。",
    "Interrupted. Published data and the draft are intact; run the same command again.",
    Exit.INTERRUPTED,
)

_SYSTEM_ERRORS: dict[int, tuple[str, str, str]] = {
    errno.ENOSPC: ("disk-full", "磁盘已满", "The disk is full"),
    errno.EDQUOT: ("disk-full", "磁盘配额已用完", "The disk quota is used up"),
    errno.EFBIG: ("disk-full", "文件超出允许的大小", "A file would grow beyond what is allowed"),
    errno.EACCES: ("no-permission", "没有权限", "No permission"),
    errno.EPERM: ("no-permission", "没有权限", "No permission"),
    errno.EROFS: ("no-permission", "磁盘只读", "The disk is read-only"),
    errno.EADDRINUSE: (
        "address-in-use",
        "端口已被占用，请另选一个（--port、QINGDAN_METRICS、QINGDAN_WORK_METRICS）",
        "The port is in use; choose another (--port, QINGDAN_METRICS, QINGDAN_WORK_METRICS)",
    ),
}

_SYSTEM_ADVICE = (
    "请检查磁盘和权限后重试；仍不能解决的，请把此信息发给管理员。",
    "Check disk and permissions, then retry; if it fails again, send this message to your administrator.",
)


def explain(error: BaseException) -> Failure | None:
    """Describe an error to the user, or return None for an internal error of the program."""
    from publisher.ingest.parsed_file import UnreadableFile
    from publisher.log.model import LogError
    from schemas.definition.catalogue import CatalogueError
    from search.contract import SearchError

    match error:
        case CommandError():
            return error.failure
        case LogError():
            zh, en = add_hint(error.code, error.zh, error.en)
            return Failure(error.code, zh, en, _exit_of_log_error(error.code))
        case UnreadableFile():
            finding, texts = error.finding, error.finding.describe()
            zh, en = f"{finding.file}：{texts.zh}", f"{finding.file}: {texts.en}"
            return Failure(finding.code, zh, en, Exit.REFUSED)
        case SearchError():
            zh = f"搜索暂不可用。已发布的内容不受影响，请稍后重试。详情：{error}"
            en = f"Search is unavailable. Published data is not affected; retry later. Details: {error}"
            return Failure("search-unavailable", zh, en, Exit.UNAVAILABLE)
        case CatalogueError():
            return Failure(
                "bad-catalogue",
                f"清单类型定义文件有误。详情：{error}",
                f"The definition of the kind of list is wrong. Details: {error}",
                Exit.REFUSED,
            )
        case FileNotFoundError():
            name = error.filename or ""
            return Failure("no-such-file", f"没有这个文件：{name}", f"No such file: {name}", Exit.NOT_FOUND)
        case IsADirectoryError():
            return Failure(
                "not-a-file",
                f"这是文件夹：{error.filename}。请写出其中的文件，如“文件夹/*.xls”。",
                f"{error.filename} is a folder; name the files in it, for example folder/*.xls.",
                Exit.REFUSED,
            )
        case OSError():
            return _explain_system_error(error)
        case UnicodeEncodeError(reason="surrogates not allowed"):
            name = error.object.encode(errors="replace").decode()
            zh, en = f"这不是 UTF-8 文字：{name}", f"This is not text in UTF-8: {name}"
            return Failure("bad-encoding", f"{zh}。", f"{en}.", Exit.REFUSED)
    return _explain_database_error(error)


def _exit_of_log_error(code: str) -> Exit:
    if code.startswith("no-such-") or code == "not-initialised":
        return Exit.NOT_FOUND
    return Exit.UNAVAILABLE if code in {"busy", "collecting", "erasure-incomplete"} else Exit.REFUSED


def _explain_system_error(error: OSError) -> Failure:
    code, zh, en = _SYSTEM_ERRORS.get(error.errno or 0, ("machine", "无法完成操作", "The operation failed"))
    where_zh, where_en = (f"：{error.filename}", f": {error.filename}") if error.filename else ("", "")
    why = error.strerror or str(error) or type(error).__name__
    return Failure(
        code,
        f"{zh}（{why}）{where_zh}。已发布的内容没有变化。{_SYSTEM_ADVICE[0]}",
        f"{en} ({why}){where_en}. Published data is unchanged. {_SYSTEM_ADVICE[1]}",
        Exit.UNAVAILABLE,
    )


def _explain_database_error(error: BaseException) -> Failure | None:
    """Describe a database error. SQLAlchemy is not imported for this, which would slow every command."""
    exceptions = sys.modules.get("sqlalchemy.exc")
    if exceptions is None or not isinstance(error, exceptions.DBAPIError):
        return None
    from publisher.failure_lines import is_database_away, is_disk_full

    text = str(error.orig)
    if "readonly" in text:
        zh, en = "没有权限写入数据库", "No permission to write the database"
        return Failure("no-permission", f"{zh}。详情：{text}", f"{en}. Details: {text}", Exit.UNAVAILABLE)
    if is_disk_full(error):
        zh, en = (
            "磁盘已满或不可写，数据库没有变化",
            "The disk is full or not writable; the database is unchanged",
        )
        return Failure("disk-full", f"{zh}。详情：{text}", f"{en}. Details: {text}", Exit.UNAVAILABLE)
    is_operational = isinstance(error, exceptions.OperationalError) and is_database_away(error)
    if not is_operational and not isinstance(error, exceptions.InterfaceError):
        zh, en = "数据库拒绝了这一操作。", "The database refused this operation."
        return Failure("database-refused", f"{zh}详情：{text}", f"{en} Details: {text}", Exit.UNAVAILABLE)
    if "locked" in text or "busy" in text:
        zh, en = "数据库正忙，请稍后重试。", "The database is busy; retry later."
        return Failure("busy", zh, en, Exit.UNAVAILABLE)
    zh = "无法连接数据库。请确认数据库已启动、QINGDAN_DATABASE 设置正确，然后重试。"
    en = "Cannot reach the database. Check that it runs and that QINGDAN_DATABASE is correct, then retry."
    return Failure("database-unavailable", f"{zh}详情：{text}", f"{en} Details: {text}", Exit.UNAVAILABLE)


def show_failure(failure: Failure) -> None:
    """Print a failure to stderr, in the language of the user."""
    print_message(f"错误 [{failure.code}] {failure.zh}", f"Error [{failure.code}] {failure.en}")
