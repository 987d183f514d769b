"""``serialscan completion``."""

from __future__ import annotations

import os

import click
from click import shell_completion

_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $env:COMP_WORDS = $commandAst.ToString()
    $env:COMP_INCOMPLETE = $wordToComplete
    $env:%(complete_var)s = "powershell_complete"
    %(prog_name)s | ForEach-Object {
        $value, $help = $_ -split "`t", 2
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

    def format_completion(self, item: shell_completion.CompletionItem) -> str:
        """One line: the value and its help."""
        return f"{item.value}\t{item.help or item.value}"


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
    click.echo(kind(root, {}, "serialscan", "_SERIALSCAN_COMPLETE").source())
