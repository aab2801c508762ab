"""`jointops ...`: take the words of the command line, assemble, run. No logic of its own."""

import argparse
import asyncio
import getpass
import importlib
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from dashboard import cli_keeping, config, config_file
from dashboard import cli_texts as texts
from feeds.errors import ConfigError, JointOpsError

EXPORTS = ("geojson", "geojsonseq", "csv", "gpx", "kml", "czml", "geoparquet")
"""Of `layers/exports/formats.py`, which is not loaded for every command."""
BENCHES = ("ingest", "live", "fanout", "flood", "replay", "browser")


def main(argv: list[str] | None = None) -> int:
    """Run `jointops` and return its exit status."""
    words = sys.argv[1:] if argv is None else argv
    if words[:1] == ["bench"]:
        return _bench(words[1:])
    args = _parser().parse_args(words)
    logging.basicConfig(
        level=args.log_level.upper(),
        format=f"%(asctime)s %(levelname)s {args.command} %(name)s %(message)s",
        stream=sys.stderr,
    )
    for chatty in ("websockets", "httpx", "httpcore", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    try:
        run: Callable[[argparse.Namespace], int] = args.run
        return run(args)
    except ConfigError as error:
        print(f"jointops: {error}", file=sys.stderr)
        return 2
    except JointOpsError as error:
        print(f"jointops: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jointops",
        description="One live picture of several agencies on one map, shown to each as their agreements allow.",
        epilog="Start with `jointops demo`. Every command has its own --help.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], help_: str, text: str = ""
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, help=help_, description=text or help_, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        sub.add_argument(
            "--log-level", default="warning", choices=["debug", "info", "warning", "error"], help="what goes to stderr"
        )
        sub.set_defaults(run=run)
        return sub

    demo = command("demo", _demo, "run the joint exercise on this machine", texts.DEMO)
    demo.add_argument("--port", type=int, default=8050, help="web pages (8050)")
    demo.add_argument("--live-port", type=int, default=8051, help="live stream (8051)")
    demo.add_argument("--review-port", type=int, default=8053, help="replay of the record (8053)")
    demo.add_argument("--feed-port", type=int, default=8052, help="feeds by WebSocket (8052)")
    demo.add_argument("--cot-port", type=int, default=8087, help="CoT streams by TCP (8087)")
    demo.add_argument("--bind", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine only)")
    demo.add_argument("--data-dir", type=Path, help="journal and logs (default: the user's data folder)")
    demo.add_argument(
        "--keep", action="store_true", help="keep the last run's journal and record instead of starting empty"
    )
    demo.add_argument("--no-open", action="store_true", help="do not open the browser")
    demo.add_argument("--units", type=_positive, default=300, help="how many units (300)")
    demo.add_argument("--seed", type=int, default=1, help="which day; the same seed is the same day (1)")
    demo.add_argument("--rate", type=_rate, default=1.0, help="exercise seconds a second (1)")
    demo.add_argument("--replay", action="store_true", help="look back at a recorded hour instead of running live")
    demo.add_argument("--minutes", type=_positive, default=60, help="with --replay: how long the hour is (60)")

    for name, run, text in (
        ("serve", _serve, texts.SERVE),
        ("gateway", _gateway, texts.GATEWAY),
        ("hub", _hub, "Only the hub: the picture, policy, the live stream."),
        ("review", _review, "Only the review: the record replayed, as the live stream."),
        ("web", _web, "Only the web pages."),
        ("record", _record, texts.RECORD),
    ):
        sub = command(name, run, text.partition(":")[0].partition(".")[0].strip().lower(), text)
        sub.add_argument("--config", type=Path, required=True, metavar="site.toml", help="the site's file")
        if name == "gateway":
            sub.add_argument("--agency", action="append", metavar="ID", help="its feeds only; may be repeated (all)")
            sub.add_argument("--feed-port", type=int, help="feeds by WebSocket and HTTP (the site's)")
            sub.add_argument("--cot-port", type=int, help="CoT streams (the site's)")

    feed = command("feed", _feed, "send a captured file through the door", texts.FEED)
    feed.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="captured files, or folders of them")
    feed.add_argument(
        "--source", default="", help="source to send as; else the site's guest source of each file's dialect"
    )
    feed.add_argument(
        "--unit", default="", help="whom messages are about that name nobody (NMEA, GPX); else the file's name"
    )
    feed.add_argument("--rate", type=_rate, help="play so many recorded seconds a second; the first time becomes now")
    feed.add_argument("--feed-port", type=int, default=8052, help="the site's feed port (8052)")
    feed.add_argument("--host", default="127.0.0.1", help="the site's host (127.0.0.1)")
    feed.add_argument("--keep-times", action="store_true", help="leave the times as they are in the file")
    feed.add_argument("--token", help="the source's token")

    verify = command("verify", _verify, "say whether the record is as it was recorded", texts.VERIFY)
    verify.add_argument("range", nargs="?", default="", metavar="RANGE", help="a day, or A..B (all)")
    verify.add_argument("--agency", action="append", metavar="ID", help="this agency's; may be given again (all)")
    _which_archive(verify)

    replay = command("replay", _replay, "look back at part of the record", texts.REPLAY)
    replay.add_argument("range", nargs="?", default="", metavar="RANGE", help="a day, or A..B (all)")
    replay.add_argument("--view", default="known", metavar="VIEW", help="known, truth or agency:ID (known)")
    replay.add_argument("--archive", type=Path, metavar="FOLDER", help="folder of the record, or name of an import")
    replay.add_argument("--config", type=Path, metavar="site.toml", help="the site's file: its log-ins and shares")
    replay.add_argument("--port", type=int, default=0, help="web pages (one that is free)")
    replay.add_argument("--review-port", type=int, default=0, help="the review's stream (one that is free)")
    replay.add_argument("--no-open", action="store_true", help="do not open the browser")

    export = command("export", _export, "write part of the record for somebody else", texts.EXPORT)
    export.add_argument("out", type=Path, metavar="OUT", help="the file to write; - is the standard output")
    export.add_argument("--agency", action="append", required=True, metavar="ID", help="whose record it is; one")
    export.add_argument("--format", choices=["evidence", *EXPORTS], default="evidence", help="(evidence)")
    export.add_argument("--range", default="", metavar="RANGE", help="a day, or A..B (all)")
    export.add_argument("--unit", action="append", metavar="ID", help="this unit only; may be given again (all)")
    export.add_argument("--view", choices=["known", "truth"], help="by when it was received, or when it was so (known)")
    export.add_argument("--for", dest="for_", metavar="AGENCY", help="whose people may see it (the agency's own)")
    export.add_argument(
        "--skip-damaged", action="store_true", help="leave damaged segments out, and say so in the file"
    )
    export.add_argument("--case", default="", metavar="ID", help="the case that it is for, for file and audit")
    export.add_argument("--actor", default="", metavar="NAME", help="who says so (you, as this machine knows you)")
    _which_archive(export)

    audit = command("audit", _audit, "say who looked back at what and took what away", texts.AUDIT)
    audit.add_argument("range", nargs="?", default="", metavar="RANGE", help="when it was done: a day, or A..B (all)")
    audit.add_argument("--viewer", default="", metavar="NAME", help="this one's (all)")
    audit.add_argument("--agency", default="", metavar="ID", help="its people's, or of its record (all)")
    audit.add_argument("--case", default="", metavar="ID", help="for this case (all)")
    audit.add_argument("--config", type=Path, metavar="site.toml", help="the site's file, which names the folder")

    cli_keeping.add(command)

    check = command("check", _check, "explain what is wrong with a site's file")
    check.add_argument("--config", type=Path, required=True, metavar="site.toml", help="the site's file")
    command("password", _password, "make the password hash for an [[account]]")
    basemap = command("basemap", _basemap, "build the demo's street map into your cache")
    basemap.add_argument("--again", action="store_true", help="build it even if it is there")
    exercise = command("exercise", _exercise, "only the exercise's agencies, speaking to a running gateway")
    exercise.add_argument("--config", type=Path, required=True, metavar="site.toml", help="the site's file")
    exercise.add_argument("--units", type=_positive, default=300)
    exercise.add_argument("--seed", type=int, default=1)
    exercise.add_argument("--rate", type=_rate, default=1.0)
    commands.add_parser("bench", help=f"measure: {', '.join(BENCHES)} (run from a checkout)")
    return parser


def _which_archive(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--archive", type=Path, metavar="FOLDER", help="folder of the record")
    parser.add_argument("--config", type=Path, metavar="site.toml", help="the site's file, which names the folder")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _rate(text: str) -> float:
    value = float(text)
    if not 0.01 <= value <= 1000:
        raise argparse.ArgumentTypeError("must be between 0.01 and 1000")
    return value


def _demo(args: argparse.Namespace) -> int:
    from dashboard import demo

    return demo.run(
        demo.Choices(
            port=args.port,
            live_port=args.live_port,
            review_port=args.review_port,
            feed_port=args.feed_port,
            cot_port=args.cot_port,
            bind=args.bind,
            data_dir=args.data_dir,
            keep=args.keep,
            open_browser=not args.no_open,
            units=args.units,
            seed=args.seed,
            rate=args.rate,
            replay=args.replay,
            minutes=args.minutes,
            log_level=args.log_level,
        )
    )


def _serve(args: argparse.Namespace) -> int:
    from dashboard import site

    return site.serve(args.config, log_level=args.log_level)


def _process(
    work: Callable[[config.Settings, str, asyncio.Event], Coroutine[Any, Any, None]],
) -> Callable[[argparse.Namespace], int]:
    def run(args: argparse.Namespace) -> int:
        from dashboard import part

        settings = config_file.load(args.config)
        return part.run(lambda stop: work(settings, part.redis_url(settings), stop))

    return run


def _gateway(args: argparse.Namespace) -> int:
    from dashboard import part

    settings = config_file.load(args.config)
    ports = {name: port for name in ("feed_port", "cot_port") if (port := getattr(args, name)) is not None}
    settings = replace(settings, site=replace(settings.site, **ports))
    return part.run(lambda stop: part.gateway(settings, part.redis_url(settings), stop, args.agency or ()))


async def _run_hub(settings: config.Settings, redis_url: str, stop: asyncio.Event) -> None:
    from dashboard import part

    await part.hub(settings, redis_url, stop)


async def _run_review(settings: config.Settings, redis_url: str, stop: asyncio.Event) -> None:
    from dashboard import part

    await part.review(settings, redis_url, stop)


async def _run_web(settings: config.Settings, redis_url: str, stop: asyncio.Event) -> None:
    from dashboard import web

    await web.run(settings, redis_url, stop)


async def _run_record(settings: config.Settings, redis_url: str, stop: asyncio.Event) -> None:
    from dashboard import recorder

    await recorder.record(settings, redis_url, stop)


_hub = _process(_run_hub)
_review = _process(_run_review)
_web = _process(_run_web)
_record = _process(_run_record)


def _exercise(args: argparse.Namespace) -> int:
    from dashboard import part

    settings = config_file.load(args.config)
    return part.run(lambda stop: part.exercise(settings, args.units, args.seed, args.rate, stop))


def _feed(args: argparse.Namespace) -> int:
    from dashboard import feed_command

    return feed_command.run(args)


def _verify(args: argparse.Namespace) -> int:
    from dashboard import verify_command

    return verify_command.run(args)


def _replay(args: argparse.Namespace) -> int:
    from dashboard import replay_command

    return replay_command.run(args)


def _export(args: argparse.Namespace) -> int:
    from dashboard import export_command

    return export_command.run(args)


def _audit(args: argparse.Namespace) -> int:
    from dashboard import audit_command

    return audit_command.run(args)


def _check(args: argparse.Namespace) -> int:
    problems = config_file.explain(args.config)
    for problem in problems:
        print(f"{args.config}: {problem}", file=sys.stderr)
    if problems:
        print(f"{len(problems)} to mend; docs/settings.md lists every setting", file=sys.stderr)
        return 2
    settings = config_file.load(args.config)
    print(
        f"{args.config}: good. {settings.site.name}: {len(settings.agency)} agencies, {len(settings.source)} sources, "
        f"{len(settings.share)} shares, {len(settings.account)} accounts."
    )
    return 0


def _password(args: argparse.Namespace) -> int:
    import argon2

    asked = getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if len(asked) < 8:
        print("jointops: a password has 8 characters or more", file=sys.stderr)
        return 2
    print(argon2.PasswordHasher().hash(asked))
    return 0


def _basemap(args: argparse.Namespace) -> int:
    from dashboard import basemap_command

    return basemap_command.run(again=args.again)


def _bench(words: list[str]) -> int:
    """Hand the words on to `bench/NAME.py`; each has its own --help."""
    if not words or words[0] not in BENCHES:
        print(f"usage: jointops bench NAME [--json] ...\n\nNAME is one of {', '.join(BENCHES)}; each has --help.")
        return 0 if words[:1] in (["--help"], ["-h"]) else 2
    sys.path.insert(0, os.fspath(Path(__file__).resolve().parent.parent))
    try:
        module = importlib.import_module(f"bench.{words[0]}")
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == "bench":
            print("jointops: the benchmarks run from a checkout of the project", file=sys.stderr)
            return 2
        raise
    status: int = module.main(words[1:])
    return status


if __name__ == "__main__":
    sys.exit(main())
