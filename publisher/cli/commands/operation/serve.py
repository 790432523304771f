"""Commands that run until they are stopped: serve (the public side) and work (the worker)."""

from __future__ import annotations

import contextlib
import gc
import signal
from functools import partial

import click

from publisher.cli.context import CommandContext, http_address, with_context
from publisher.cli.terminal import output


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址 / Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="端口 / Port.")
@click.option(
    "--work",
    "with_worker",
    is_flag=True,
    help="同时启动工作进程（qingdan work），适合单机小站点 / Start the worker too, as a process of its own.",
)
@with_context
def serve(context: CommandContext, host: str, port: int, *, with_worker: bool) -> None:
    """启动网站：网页、接口、订阅和搜索；只读 / Serve pages, API, feeds and search, read-only."""
    gc.disable()  # what a start creates stays, and looking through it took a fifth of the start
    from publisher import app
    from publisher.heavy_work import perform
    from publisher.site_command import site_process
    from publisher.telemetry.log_lines import configure_logging
    from publisher.telemetry.metrics_server import serve_metrics

    settings = context.settings
    configure_logging(settings.log_form, access=settings.access_log)

    worker = site_process(context.settings.home, "work") if with_worker else contextlib.nullcontext()
    # Ctrl-C and SIGTERM are the normal ways to stop the service.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    log_of_serve = context.log(public=True, statement_seconds=app.STATEMENT_SECONDS, role="serve")
    with log_of_serve as log, worker, contextlib.suppress(KeyboardInterrupt):
        service = app.create_app(
            settings,
            log=log,
            search=context.engine(),
            perform=perform,
        )
        with serve_metrics(settings.metrics, [service.metrics]):
            app.serve(
                service,
                host=host,
                port=port,
                on_start=lambda: _print_address(http_address(host, port)),
                max_connections=settings.connections,
            )
    output.print_message("已停止。", "Stopped.")


def _print_address(address: str) -> None:
    output.print_message(f"服务已启动：{address}（按 Ctrl-C 停止）", f"Serving {address}; stop with Ctrl-C.")


@click.command()
@click.option("--until-eof", is_flag=True, help="标准输入关闭时停止 / Stop when standard input closes.")
@with_context
def work(context: CommandContext, *, until_eof: bool) -> None:
    """工作进程：索引、采集、通知 / Index, collect and notify until Ctrl-C, next to any number of serve."""
    import anyio

    from publisher.background import run_background
    from publisher.log.clocks import utc_now
    from publisher.site_command import stop_at_eof
    from publisher.telemetry.log_lines import configure_logging
    from publisher.telemetry.metrics_server import serve_metrics
    from publisher.telemetry.site_metrics import SiteMetrics

    settings = context.settings
    configure_logging(settings.log_form)

    def on_start() -> None:
        output.print_message("工作进程已启动（按 Ctrl-C 停止）。", "The worker runs; stop with Ctrl-C.")
        if until_eof:
            stop_at_eof()

    with (
        context.log(role="work") as log,
        serve_metrics(settings.work_metrics, [SiteMetrics(log, settings.home, utc_now, context.inbox)]),
    ):
        anyio.run(run_background, settings, log, partial(context.dataset_catalogue, log), on_start)
    output.print_message("已停止。", "Stopped.")


COMMANDS: tuple[click.Command, ...] = (serve, work)
