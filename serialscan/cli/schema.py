"""``serialscan schema``."""

from __future__ import annotations

import json

import click

from serialscan.cli.options import verbose_option


@click.command(epilog="\b\nExample:\n  serialscan schema > schema.json")
@verbose_option
def schema(verbose: int) -> None:
    """Print the JSON Schema (2020-12) of the records of photos and items."""
    from serialscan.record import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
