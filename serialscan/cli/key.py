"""``serialscan key``."""

from __future__ import annotations

from pathlib import Path

import click

from serialscan.cli.group import Group
from serialscan.cli.options import verbose_option
from serialscan.cli.signer import first_line, open_signer, passphrase_option
from serialscan.errors import VerifyError

_FILE = click.Path(path_type=Path, dir_okay=False, readable=False)
_READ = click.Path(path_type=Path, readable=False)


@click.group(cls=Group, epilog="\b\nExample:\n  serialscan key create ~/keys/doe.key --name j.doe/1234")
def key() -> None:
    """Make keys that sign the heads of cases, and sign with them as a witness."""


@key.command(
    epilog="""\b
Example:
  serialscan key create ~/keys/doe.key --name j.doe/1234

\b
Exit codes: 0 the key is written; 5 a file is there already, or cannot be written; 7 the name or passphrase
cannot be used.
"""
)
@click.argument("path", metavar="FILE", type=_FILE)
@click.option("--name", required=True, help="Stands beside each signature; no spaces and no plus sign.")
@passphrase_option
@verbose_option
def create(path: Path, name: str, passphrase_file: Path | None, verbose: int) -> None:
    """Make a key: FILE is the secret half, FILE.pub the public one.

    Keep FILE where the case is not, and give the fingerprint to whoever will verify: printed, or by another
    way than the case.
    """
    from serialscan.case.keys import create_key, public_path

    if passphrase_file is None:
        passphrase = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    else:
        passphrase = first_line(passphrase_file)
    public = create_key(path, name, passphrase)
    click.echo(f"{path} is the secret half, {public_path(path)} the public one.", err=True)
    click.echo(f"fingerprint {public.fingerprint}")


@key.command(epilog="\b\nExample:\n  serialscan key show doe.key.pub")
@click.argument("path", metavar="FILE.pub", type=_READ)
@verbose_option
def show(path: Path, verbose: int) -> None:
    """Print the name and the fingerprint of a public key."""
    from serialscan.case.keys import read_public_key

    public = read_public_key(path)
    click.echo(f"name {public.name}")
    click.echo(f"fingerprint {public.fingerprint}")


@key.command(
    epilog="""\b
Example:
  serialscan key witness seizure-17.head --case seizure-17.case --sign ~/keys/roe.key

\b
Exit codes: 0 signed; 7 the head or the key cannot be read; 8 the case does not fit to the head.
"""
)
@click.argument("path", metavar="HEAD", type=_READ)
@click.option("--case", "case_path", type=_READ, metavar="CASE", help="First verify CASE against the head.")
@click.option("--sign", "key_path", type=_FILE, metavar="KEY", required=True, help="The key to sign with.")
@passphrase_option
@verbose_option
def witness(
    path: Path, case_path: Path | None, key_path: Path, passphrase_file: Path | None, verbose: int
) -> None:
    """Sign a head as a witness: that it was like this now. The signature is added to the file HEAD."""
    from serialscan.case.sign import witnessed
    from serialscan.cli.case import read_head, verify_quietly
    from serialscan.errors import OutputError
    from serialscan.files.whole import replace_whole

    head = read_head(path)
    if case_path is not None:
        verdict = verify_quietly(case_path, head)
        if not verdict.ok:
            raise VerifyError(f"{case_path} does not fit to {path}, nothing was signed: {verdict.summary()}")
    signer = open_signer(key_path, passphrase_file)
    try:
        replace_whole(path, witnessed(head, signer).note)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}).") from error
    click.echo(f"{path} now bears the signature of {signer.key.name}.", err=True)
