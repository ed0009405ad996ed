"""Grafana's settings and what it is given: it believes the gateway alone, calls nobody, has what dashboards name."""

import configparser
from pathlib import Path
from typing import Any

import pytest
import yaml

GRAFANA = Path(__file__).parents[2] / "infra" / "grafana"

# From Grafana's own list of settings. It ignores a name it does not know.
KNOWN = {
    "server": {"protocol", "http_port", "domain", "root_url", "serve_from_sub_path", "enable_gzip"},
    "database": {"type", "wal"},
    "security": {
        "admin_user", "admin_password", "cookie_secure", "cookie_samesite", "disable_gravatar", "allow_embedding",
        "content_security_policy", "x_content_type_options", "data_source_proxy_whitelist",
    },
    "auth": {"disable_login_form", "disable_signout_menu"},
    "auth.proxy": {
        "enabled", "header_name", "header_property", "headers", "auto_sign_up", "sync_ttl", "enable_login_token",
        "whitelist",
    },
    "auth.anonymous": {"enabled"},
    "auth.basic": {"enabled"},
    "users": {"allow_sign_up", "allow_org_create", "auto_assign_org", "auto_assign_org_role"},
    "dashboards": {"default_home_dashboard_path", "min_refresh_interval"},
    "unified_alerting": {"enabled", "execute_alerts"},
    "public_dashboards": {"enabled"},
    "snapshots": {"enabled", "external_enabled"},
    "plugins": {"plugin_admin_enabled", "preinstall_disabled", "public_key_retrieval_disabled"},
    "analytics": {"reporting_enabled", "check_for_updates", "check_for_plugin_updates", "feedback_links_enabled"},
    "news": {"news_feed_enabled"},
    "metrics": {"enabled", "disable_total_stats"},
    "log": {"mode", "level"},
    "log.console": {"format"},
}  # fmt: skip


@pytest.fixture
def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string((GRAFANA / "grafana.ini").read_text())
    return parser


def test_every_setting_is_one_grafana_knows(settings: configparser.ConfigParser) -> None:
    written = {section: set(settings[section]) for section in settings.sections()}
    assert written.keys() == KNOWN.keys()
    assert {section: names - KNOWN[section] for section, names in written.items() if names - KNOWN[section]} == {}


def test_nobody_gets_in_but_through_the_gateway(settings: configparser.ConfigParser) -> None:
    assert settings["auth.proxy"]["whitelist"] == "$__env{GRAFANA_PROXY_NETWORKS}"
    assert settings["auth.proxy"]["header_name"] == "X-Webauth-User"
    assert settings["auth.proxy"]["headers"] == "Role:X-Webauth-Role"
    assert settings.getboolean("auth", "disable_login_form")
    assert not settings.getboolean("auth.anonymous", "enabled")
    assert not settings.getboolean("auth.proxy", "enable_login_token")
    assert not settings.getboolean("users", "allow_sign_up")
    assert not settings.getboolean("public_dashboards", "enabled")


def test_it_serves_where_the_gateway_sends(settings: configparser.ConfigParser) -> None:
    assert settings["server"]["root_url"] == "https://$__env{DOMAIN}/grafana/"
    assert settings.getboolean("server", "serve_from_sub_path")


def test_the_password_is_a_secret_and_no_secret_is_written_here(settings: configparser.ConfigParser) -> None:
    assert settings["security"]["admin_password"] == "$__file{/run/secrets/grafana_admin_password}"


def test_it_calls_nobody(settings: configparser.ConfigParser) -> None:
    off = [(section, name) for section in ("analytics", "news") for name in settings[section]]
    assert not any(settings.getboolean(section, name) for section, name in off)
    assert not settings.getboolean("snapshots", "external_enabled")
    assert not settings.getboolean("plugins", "plugin_admin_enabled")
    assert settings.getboolean("plugins", "preinstall_disabled")
    assert settings.getboolean("plugins", "public_key_retrieval_disabled")


def test_data_sources_have_the_uids_that_others_name(settings: configparser.ConfigParser) -> None:
    sources = _provisioned("datasources")["datasources"]
    assert {source["uid"]: source["type"] for source in sources} == {
        "prometheus": "prometheus", "loki": "loki", "alertmanager": "alertmanager",
    }  # fmt: skip
    assert not any(source["editable"] for source in sources)
    allowed = settings["security"]["data_source_proxy_whitelist"].split()
    assert [source["url"].removeprefix("http://") for source in sources] == allowed
    named = {field["datasourceUid"] for source in sources for field in source["jsonData"].get("derivedFields", [])}
    named |= {source["jsonData"]["alertmanagerUid"] for source in sources if source["type"] == "prometheus"}
    assert named <= {source["uid"] for source in sources}


def test_dashboards_are_read_from_where_they_are_put(settings: configparser.ConfigParser) -> None:
    (provider,) = _provisioned("dashboards")["providers"]
    home = Path(settings["dashboards"]["default_home_dashboard_path"])
    assert str(home.parent) == provider["options"]["path"]
    assert (GRAFANA / "dashboards" / home.name).is_file()
    assert not provider["allowUiUpdates"]


def _provisioned(kind: str) -> Any:
    written = yaml.safe_load((GRAFANA / "provisioning" / kind / "ovia.yml").read_text())
    assert written["apiVersion"] == 1
    return written
