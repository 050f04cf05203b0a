"""Settings from environment variables with the prefix HEQI_, then from `.env`, then the defaults.

`settings()` reads them anew each time it is called: a few dictionary look-ups, and no test or
process ever sees a stale value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")
ROOT = Path(__file__).resolve().parents[1]
PREFIX = "HEQI_"


class BadSetting(ValueError):
    """A setting that cannot be used; the message names it and says what would be right."""


class Settings(msgspec.Struct, frozen=True):
    """The values in use. Paths are absolute; `now` is None unless the clock is frozen."""

    database_url: str
    now: datetime | None
    customer: str
    shop_secret: str
    policy: str
    var: str
    actions_port: int
    rasa_port: int
    port: int
    host: str
    demo: bool
    session_secret: str
    shop_origins: tuple[str, ...]
    customer_rate: int
    address_rate: int
    month_budget_fen: int | None
    load_limit: int
    redis_url: str
    redis_prefix: str
    rabbitmq_url: str
    rabbitmq_name: str
    inner_token: str
    log_to_output: bool


class Setting(msgspec.Struct, frozen=True):
    """One setting: default as text, help, and whether its value is kept from view."""

    default: str
    help: str
    secret: bool = False


DEMO_SECRET = "demo-secret-only-for-this-machine"
DEMO_SESSION_SECRET = "demo-session-secret-only-for-this-machine"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
DATABASES = ("sqlite://", "postgresql://", "postgresql+psycopg2://")
REDIS = ("redis://", "rediss://", "unix://")
RABBITMQ = ("amqp://", "amqps://")
LEAST_SECRET = 32
"""Characters of a secret outside the demo: HMAC-SHA256 wants at least as many bytes as its hash."""

KNOWN: Mapping[str, Setting] = {
    "DATABASE_URL": Setting(f"sqlite:///{ROOT / 'var' / 'heqi.db'}", "数据库,SQLite 或 PostgreSQL"),
    "NOW": Setting("", "冻结时钟(RFC 3339),用于测试与回放"),
    "CUSTOMER": Setting("cus_demo_01", "终端对话里的演示顾客"),
    "SHOP_SECRET": Setting(DEMO_SECRET, "店铺签发顾客令牌的密钥", secret=True),
    "POLICY": Setting(str(ROOT / "policy.yml"), "店铺政策文件,没有人启用过别的政策时用它(heqi policy show 看现行的)"),
    "VAR": Setting(str(ROOT / "var"), "数据、日志、模型所在目录"),
    "ACTIONS_PORT": Setting("5055", "动作服务端口(仅本机)"),
    "RASA_PORT": Setting("5005", "Rasa 端口(仅本机)"),
    "PORT": Setting("8000", "网页端口"),
    "HOST": Setting("127.0.0.1", "网页监听的地址;对外服务时才改"),
    "DEMO": Setting("true", "演示模式:有演示店页面,可用默认密钥(仅限本机地址)"),
    "SESSION_SECRET": Setting(DEMO_SESSION_SECRET, "会话令牌的签名密钥", secret=True),
    "SHOP_ORIGINS": Setting("", "可以把聊天窗嵌进去的店铺网址,逗号分隔,例如 https://shop.example.com"),
    "CUSTOMER_RATE": Setting("120", "每位顾客每分钟最多发多少条消息"),
    "ADDRESS_RATE": Setting("6000", "每个网络地址每分钟最多多少次请求"),
    "LOAD_LIMIT": Setting("0", "排队的案件自动分给手上最少的在岗客服,每人同时最多几个会话;0 不自动分,由客服自己接手"),
    "REDIS_URL": Setting("", "几台机器一起用的 Redis,例如 redis://:密码@redis:6379/0;空着就各自只管自己"),
    "REDIS_PREFIX": Setting("heqi", "Redis 里键和频道的前缀;几个店用同一个 Redis 时各取一个"),
    "INNER_TOKEN": Setting("", "进程之间的令牌;heqi run 每次自己生成", secret=True),
    "RABBITMQ_URL": Setting("", "收 Rasa 事件(没有话,只有发生了什么)的 RabbitMQ,例如 amqp://用户:密码@rabbitmq:5672/;空着就不发,店主看不到「听懂了多少」"),
    "RABBITMQ_NAME": Setting("heqi_events", "RabbitMQ 里交换机和队列的名字;几个店用同一个 RabbitMQ 时各取一个"),
    "LOG_TO_OUTPUT": Setting("false", "日志不写 HEQI_VAR/log/,都到 heqi run 自己的输出:容器里由容器收着"),
    "MONTH_BUDGET_FEN": Setting("", "每月善意补偿的预算（分）：一个月里付在应得之外的到了它，就不再给善意补偿，只有可协商的转人工；应得的不算在内，也从不因它少给；空着就不管"),
}


def dotenv() -> dict[str, str]:
    """The HEQI_ lines of `.env` in the project's root; {} without one."""
    path = ROOT / ".env"
    if not path.exists():
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, mark, value = line.partition("=")
        if mark and name.strip().startswith(PREFIX):
            found[name.strip()] = value.strip().strip('"').strip("'")
    return found


def sources() -> dict[str, tuple[str, str]]:
    """Setting name (without prefix) → (value as text, where it came from)."""
    file = dotenv()
    found = {}
    for name, setting in KNOWN.items():
        key = PREFIX + name
        if key in os.environ:
            found[name] = (os.environ[key], "environment")
        elif key in file:
            found[name] = (file[key], ".env")
        else:
            found[name] = (setting.default, "default")
    return found


def settings() -> Settings:
    """The settings in use. Raises BadSetting with the setting's name where a value cannot be used."""
    raw = {name: value for name, (value, _) in sources().items()}
    return Settings(
        database_url=address("DATABASE_URL", raw["DATABASE_URL"], DATABASES),
        now=moment("NOW", raw["NOW"]),
        customer=raw["CUSTOMER"],
        shop_secret=raw["SHOP_SECRET"],
        policy=raw["POLICY"],
        var=raw["VAR"],
        actions_port=port("ACTIONS_PORT", raw["ACTIONS_PORT"]),
        rasa_port=port("RASA_PORT", raw["RASA_PORT"]),
        port=port("PORT", raw["PORT"]),
        host=raw["HOST"],
        demo=flag("DEMO", raw["DEMO"]),
        session_secret=raw["SESSION_SECRET"],
        shop_origins=tuple(origin(part.strip()) for part in raw["SHOP_ORIGINS"].split(",") if part.strip()),
        customer_rate=count("CUSTOMER_RATE", raw["CUSTOMER_RATE"]),
        address_rate=count("ADDRESS_RATE", raw["ADDRESS_RATE"]),
        month_budget_fen=count("MONTH_BUDGET_FEN", raw["MONTH_BUDGET_FEN"]) if raw["MONTH_BUDGET_FEN"] else None,
        load_limit=count("LOAD_LIMIT", raw["LOAD_LIMIT"]) if raw["LOAD_LIMIT"] != "0" else 0,
        redis_url=address("REDIS_URL", raw["REDIS_URL"], REDIS),
        redis_prefix=raw["REDIS_PREFIX"],
        rabbitmq_url=address("RABBITMQ_URL", raw["RABBITMQ_URL"], RABBITMQ),
        rabbitmq_name=raw["RABBITMQ_NAME"],
        inner_token=raw["INNER_TOKEN"],
        log_to_output=flag("LOG_TO_OUTPUT", raw["LOG_TO_OUTPUT"]),
    )


def check_secrets(chosen: Settings) -> None:
    """Refuses to serve with secrets that everybody knows. Raises BadSetting.

    The default secrets are for the demo on this machine: HEQI_DEMO true and HEQI_HOST a loopback
    address. Anywhere else both secrets must be the shop's own, long enough, and not the same.
    """
    if chosen.demo and chosen.host in LOOPBACK:
        return
    where = "HEQI_DEMO 为 false" if not chosen.demo else f"HEQI_HOST {chosen.host} 不是本机地址"
    for name, value in (("SHOP_SECRET", chosen.shop_secret), ("SESSION_SECRET", chosen.session_secret)):
        if value in {DEMO_SECRET, DEMO_SESSION_SECRET}:
            raise BadSetting(f"{PREFIX}{name}: {where},不能用默认密钥;请设置自己的,例如 `openssl rand -hex 32` 的输出")
        if len(value) < LEAST_SECRET:
            raise BadSetting(f"{PREFIX}{name}: 密钥至少 {LEAST_SECRET} 个字符,例如 `openssl rand -hex 32` 的输出")
    if chosen.shop_secret == chosen.session_secret:
        raise BadSetting(f"{PREFIX}SESSION_SECRET: 不能和 {PREFIX}SHOP_SECRET 相同")


def flag(name: str, text: str) -> bool:
    if text.lower() not in {"true", "false", "1", "0"}:
        raise BadSetting(f"{PREFIX}{name}: {text!r} 应为 true 或 false")
    return text.lower() in {"true", "1"}


def count(name: str, text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 10**9:
        raise BadSetting(f"{PREFIX}{name}: {text!r} 应为正整数")
    return int(text)


def origin(text: str) -> str:
    if not ORIGIN.fullmatch(text):
        raise BadSetting(f"{PREFIX}SHOP_ORIGINS: {text!r} 不是网址来源,例如 https://shop.example.com")
    return text


def address(name: str, text: str, schemes: tuple[str, ...]) -> str:
    if text and not text.startswith(schemes):
        raise BadSetting(f"{PREFIX}{name}: 应以 {'、'.join(schemes)} 开头")
    return text


def moment(name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise BadSetting(f"{PREFIX}{name}: {text!r} 不是带时区的时间,例如 2026-11-25T10:00:00+08:00")
    return at


def port(name: str, text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise BadSetting(f"{PREFIX}{name}: {text!r} 不是端口号,应为 1–65535 的整数")
    return int(text)
