"""What a command says where its surroundings fail it: one sentence, what is wrong and what to do, instead of a traceback."""

from __future__ import annotations

import re
import sys

from bot.settings import BadSetting, settings

HINTS = (
    (r"can't locate revision", "数据库是更新的程序建的,这个程序不认得它的样子:换成那个版本(或更新的)程序,数据没有动"),
    (r"no such table|no such column|has no column|relation .* does not exist|column .* does not exist", "数据库还没有建,或者是旧的样子:先运行 heqi database"),
    (r"locked", "数据库正被别的程序占着,等了很久也没有空出来:关掉占着它的程序,再运行一次"),
    (r"read-?only|permission denied for", "数据库只读,写不进去:检查文件的权限;PostgreSQL 看是不是连到了备库、账号有没有写的权限"),
    (r"disk is full|no space|disk i/o", "放数据库的磁盘满了或坏了:腾出地方再运行一次"),
    (r"not a database|malformed|encrypted", "数据库文件坏了,或者根本不是数据库:用 heqi restore 从备份恢复"),
    (r"unable to open", "打不开数据库文件:检查目录在不在、有没有权限"),
    (r"password|authentication|role .* does not exist", "数据库不让这个账号进:检查账号和密码"),
    (r"database .* does not exist", "数据库服务器上没有这个库:先建库,再运行 heqi database"),
    (r"connect|terminat|closed|timeout|timed out|translate host", "连不上数据库:看它是不是在运行、网络通不通"),
    (r"parse|load plugin|no module named", "数据库地址看不懂:应为 sqlite:///文件 或 postgresql://账号@主机/库"),
)
"""What the database or its driver says (a pattern) → what to do, the first that fits."""


DATABASE = ("OperationalError", "ProgrammingError", "InternalError", "InterfaceError", "DatabaseError", "ArgumentError")
OURS = ("IntegrityError", "DataError")
"""SQLAlchemy's errors that speak of the database, and those among them that speak of what we wrote into it."""


def sentence(fault: Exception) -> str | None:
    """What to tell whoever ran the command; None where it is a fault of the program itself, whose traceback is needed."""
    if isinstance(fault, BadSetting):
        return str(fault)
    if isinstance(fault, OSError) and fault.filename is not None:
        return f"{fault.filename}:{fault.strerror}"
    if not of_database(fault):
        return None
    said = " ".join(str(getattr(fault, "orig", None) or fault).split())
    hint = next((hint for pattern, hint in HINTS if re.search(pattern, said, re.IGNORECASE)), None)
    return f"{hint}。HEQI_DATABASE_URL 是 {place()};数据库说:{said}" if hint is not None else None


def of_database(fault: Exception) -> bool:
    # Whoever never loaded these has no such fault, and `heqi assess` starts without them.
    return is_one(fault, "alembic.util", ("CommandError",)) or (
        is_one(fault, "sqlalchemy.exc", DATABASE) and not is_one(fault, "sqlalchemy.exc", OURS)
    )


def is_one(fault: Exception, module: str, kinds: tuple[str, ...]) -> bool:
    return module in sys.modules and isinstance(fault, tuple(getattr(sys.modules[module], kind) for kind in kinds))


def place() -> str:
    """The database's address without its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    url = settings().database_url
    try:
        return str(make_url(url).render_as_string(hide_password=True))
    except ArgumentError:
        return "(看不懂)"
