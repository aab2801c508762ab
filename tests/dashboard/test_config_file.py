"""A site's file: what is wrong with it is said by path and reason."""

from pathlib import Path

import pytest

from dashboard import config, config_file
from feeds.errors import ConfigError
from feeds.report import Category

GOOD = """
[site]
timezone = "America/Chicago"
[[agency]]
id = "cpd"
name = "City police"
tag = "CPD"
[[agency]]
id = "jocc"
name = "Command centre"
tag = "JOC"
[[source]]
id = "cpd-avl"
agency = "cpd"
token = "secret-one"
[[share]]
from = "cpd"
to = ["jocc"]
categories = ["unit.position"]
[[account]]
name = "wall"
agency = "jocc"
password_hash = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
[[api_token]]
name = "reader"
agency = "jocc"
token = "t"
"""


def test_a_good_file_loads_with_its_defaults() -> None:
    settings = config_file.parse(GOOD)
    assert settings.site.port == 8050
    assert settings.share[0].from_ == "cpd"
    assert settings.share[0].categories == (Category.UNIT_POSITION,)
    assert settings.agency_ids() == ("cpd", "jocc")


def test_tokens_reach_the_gateway_only_as_digests() -> None:
    source = config_file.parse(GOOD).sources()[0]
    assert source.token_sha256 == config.digest("secret-one")
    assert "secret-one" not in repr(source)


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        (("[site]", "[site]\nprot = 1"), "site", "prot"),
        (("[site]", "[site]\nport = 70000"), "site.port", "65535"),
        (("America/Chicago", "Mars/Base"), "site.timezone", "IANA"),
        (('tag = "JOC"', 'tag = "CPD"'), "agency[1].tag", "taken"),
        (('id = "jocc"', 'id = "cpd"'), "agency[1].id", "twice"),
        (('id = "cpd-avl"', 'id = "CPD AVL"'), "source[0].id", "a-z"),
        (('agency = "cpd"', 'agency = "pd"'), "source[0].agency", "declared are"),
        (('token = "secret-one"', 'adapter = "smoke"'), "source[0].adapter", "no adapter"),
        (('token = "secret-one"', 'token_env = "NOT_SET_ANYWHERE"'), "source[0].token_env", "not set"),
        (('to = ["jocc"]', 'to = ["fbi"]'), "share[0].to[0]", "no agency"),
        (('["unit.position"]', '["unit.positions"]'), "share[0].categories[0]", "Invalid enum value"),
        (
            ('["unit.position"]', '["unit.position"]\nlabels = ["undercover", "juvinile"]'),
            "share[0].labels[1]",
            "juvenile",
        ),
        (('["unit.position"]', '["unit.position"]\nlabels = ["other"]'), "share[0].labels[0]", "no label 'other'"),
        (("$argon2id", "plain"), "account[0].password_hash", "jointops password"),
        (('token = "t"', ""), "api_token[0].token", "token_env"),
        (("[site]", "[site]\nlive_port = 8050"), "site.live_port", "own port"),
        (("[site]", "[site]\nreview_port = 8051"), "site.review_port", "own port"),
        (("[site]", '[site]\npublic_url = "not a url"'), "site.public_url", "https://"),
        (("[site]", '[site]\nreview_url = "https://x"'), "site.review_url", "wss://"),
        (("[site]", '[site]\ntrusted_proxies = ["10.0.0.4", "*"]'), "site.trusted_proxies[1]", "IP address"),
        (("[site]", '[site]\ntrusted_proxies = ["0.0.0.0/0"]'), "site.trusted_proxies[0]", "IP address"),
        (('token = "secret-one"', 'uid_prefixes = [""]'), "source[0].uid_prefixes[0]", "catch_all"),
        (('token = "secret-one"', 'peers = ["10.0.0.300"]'), "source[0].peers[0]", "IP address"),
        (('token = "secret-one"', 'peers = ["10.0.0.4/8"]'), "source[0].peers[0]", "network"),
        (('token = "secret-one"', 'adapter = "cot"\nlisten = "9001"'), "source[0].listen", "tcp:9001"),
        (('token = "secret-one"', 'adapter = "cot"\nconnect = "host"'), "source[0].connect", "tcp://"),
        (('token = "secret-one"', 'listen = "tcp:9001"'), "source[0].listen", "no byte stream"),
        (
            ('token = "secret-one"', 'adapter = "cot"\nlisten = "tcp:1"\nconnect = "tcp://h:1"'),
            "source[0].connect",
            "leave one out",
        ),
        (('token = "secret-one"', 'unit = " 3A12"'), "source[0].unit", "printable"),
        (('token = "secret-one"', "rate_max = -1"), "source[0].rate_max", ">= 0"),
        (('token = "secret-one"', ""), "source[0].token", "nobody can send"),
        (('token = "secret-one"', 'adapter = "cot"\nlisten = "tcp:8050"'), "source[0].listen", "site.port"),
        (
            (
                'token = "secret-one"',
                'adapter="cot"\nlisten="tcp:9"\n[[source]]\nid="a"\nagency="cpd"\nadapter="cot"\nlisten="tcp:9"',
            ),
            "source[1].listen",
            "shares tcp:9",
        ),
        (
            (
                'token = "secret-one"',
                'listen = "udp:9"\n[[source]]\nid="a"\nagency="cpd"\nadapter="cot"\nlisten="udp:9"',
            ),
            "source[1].listen",
            "one port, one dialect",
        ),
        (
            (
                'token = "secret-one"',
                'adapter="cot"\ncatch_all=true\n[[source]]\nid="a"\nagency="cpd"\nadapter="cot"\ncatch_all=true',
            ),
            "source[1].catch_all",
            "only one can",
        ),
        (("$m=65536", "$x"), "account[0].password_hash", "jointops password"),
        (
            ('token = "t"', 'token = "t"\n[[api_token]]\nname = "two"\nagency = "cpd"\ntoken = "t"'),
            "api_token[1].token",
            "its own",
        ),
        (
            ("[[share]]", '[[source]]\nid = "a"\nagency = "cpd"\ncatch_all = true\n' * 2 + "[[share]]"),
            "source[2].id",
            "twice",
        ),
    ],
)
def test_what_is_wrong_is_named_by_path_and_reason(change: tuple[str, str], path: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_file.parse(GOOD.replace(*change))
    assert caught.value.path == path
    assert reason in str(caught.value)


def test_all_faults_are_explained_at_once(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text(GOOD.replace("America/Chicago", "Mars/Base").replace('to = ["jocc"]', 'to = ["fbi"]'))
    assert [p.path for p in config_file.explain(file)] == ["site.timezone", "share[0].to[0]"]


def test_a_missing_or_broken_file_is_said_so(tmp_path: Path) -> None:
    assert "cannot read" in str(config_file.explain(tmp_path / "none.toml")[0])
    (tmp_path / "broken.toml").write_text("[site")
    assert "not TOML" in str(config_file.explain(tmp_path / "broken.toml")[0])


def test_secrets_come_from_the_environment_when_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPD_TOKEN", "from-env")
    settings = config_file.parse(GOOD.replace('token = "secret-one"', 'token_env = "CPD_TOKEN"'))
    assert settings.sources()[0].token_sha256 == config.digest("from-env")
