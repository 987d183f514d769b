"""``serialscan completion``."""

from __future__ import annotations

import os
from collections.abc import Callable

import click
from click import shell_completion
from click.shell_completion import CompletionItem

from serialscan.cli.group import COMPLETE

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def files(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes names of files and folders; the shell does it."""
    return [CompletionItem(incomplete, type="file")]


def words(*known: str, or_files: bool = False) -> Completer:
    """Completes words, also those of a setting, of which the settings and not the options say what is bad.

    Args:
        known: the words.
        or_files: what begins like no word is the name of a file.
    """

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found = [CompletionItem(word) for word in known if word.startswith(incomplete)]
        return found or (files(context, parameter, incomplete) if or_files else [])

    return complete


_POWERSHELL = r"""
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $env:COMP_WORDS = $commandAst.ToString()
    $env:COMP_INCOMPLETE = $wordToComplete
    $env:%(complete_var)s = "powershell_complete"
    %(prog_name)s | ForEach-Object {
        $value, $help = $_ -split "`t", 2
        if ($value -match "[\s']") { $value = "'" + $value.Replace("'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new($value, $value, "ParameterValue", $help)
    }
    Remove-Item Env:COMP_WORDS, Env:COMP_INCOMPLETE, Env:%(complete_var)s
}
"""


@shell_completion.add_completion_class
class PowerShellComplete(shell_completion.ShellComplete):
    """Completion for PowerShell, which click itself does not have."""

    name = "powershell"
    source_template = _POWERSHELL

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one to complete, and what is there of it."""
        words = shell_completion.split_arg_string(os.environ["COMP_WORDS"])[1:]
        incomplete = os.environ.get("COMP_INCOMPLETE", "")
        return (words[:-1] if incomplete and words else words), incomplete

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """What may stand there; names of files too, which PowerShell does not complete here by itself."""
        found = []
        for item in super().get_completions(args, incomplete):
            if item.type == "file" or item.type == "dir":
                found += _names(incomplete, folders=item.type == "dir")
            else:
                found.append(item)
        return found

    def format_completion(self, item: CompletionItem) -> str:
        """One line: the value and its help."""
        return f"{item.value}\t{item.help or item.value}"


def _names(incomplete: str, *, folders: bool) -> list[CompletionItem]:
    """Files and folders whose names begin so, by name; case does not matter, as in that shell."""
    start, last = os.path.split(incomplete)
    found = []
    try:
        with os.scandir(start or ".") as listing:
            for entry in sorted(listing, key=lambda entry: entry.name.lower()):
                if entry.name.lower().startswith(last.lower()) and (entry.is_dir() or not folders):
                    found.append(CompletionItem(os.path.join(start, entry.name)))  # noqa: PTH118
    except OSError:
        return []
    return found


@click.command(
    epilog="\b\nExamples:\n"
    '  bash:        eval "$(serialscan completion bash)"    in ~/.bashrc\n'
    '  zsh:         eval "$(serialscan completion zsh)"     in ~/.zshrc\n'
    "  fish:        serialscan completion fish > ~/.config/fish/completions/serialscan.fish\n"
    "  PowerShell:  serialscan completion powershell | Out-String | Invoke-Expression    in $PROFILE"
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "powershell"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes serialscan's commands and options in a shell."""
    kind = shell_completion.get_completion_class(shell)
    assert kind is not None
    root = context.find_root().command
    click.echo(kind(root, {}, "serialscan", COMPLETE).source())
