"""`heqi config`: every setting, its value, where it came from."""

from __future__ import annotations

import re

import click

from bot.settings import KNOWN, PREFIX, BadSetting, settings, sources

PASSWORD_IN_URL = re.compile(r"(://[^:/@]*:)[^@]*@")


@click.command()
def command() -> None:
    """列出每个设置、取值与来源。"""
    for name, (value, source) in sources().items():
        shown = "********" if KNOWN[name].secret and value else PASSWORD_IN_URL.sub(r"\1********@", value) or "(空)"
        click.echo(f"{PREFIX}{name}={shown}  [{source}]  {KNOWN[name].help}")
    try:
        settings()
    except BadSetting as wrong:
        raise click.ClickException(str(wrong)) from wrong
