import type { Command } from 'commander'
import type { AddCommand } from './add-command.ts'

/** Shell completion, printed for the shell to read. It is made from the commands themselves, so it cannot go stale. */
export const addCompletion: AddCommand = (program, io) => {
  program
    .command('completion')
    .description('print a completion script for bash, zsh or fish')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', '\nExample:\n  eval "$(assay completion bash)"\n')
    .action((shell: string) => {
      const words = collectWords(program)
      if (shell === 'bash') io.out(bash(words))
      else if (shell === 'zsh') io.out(`autoload -U +X bashcompinit && bashcompinit\n${bash(words)}`)
      else if (shell === 'fish') io.out(fish(words))
      else program.error(`no completion for ${shell.slice(0, 20)}: bash, zsh or fish`, { exitCode: 2 })
    })
}

/** `''` for the top level, else the command path; each with its subcommands and options. */
function collectWords(command: Command, path = ''): ReadonlyMap<string, readonly string[]> {
  const own = [
    ...command.commands.map((sub) => sub.name()),
    ...command.options.flatMap((option) => option.long ?? []),
    '--help',
  ]
  const below = command.commands.flatMap((sub) => [
    ...collectWords(sub, path === '' ? sub.name() : `${path} ${sub.name()}`),
  ])
  return new Map([[path, own], ...below])
}

function bash(words: ReadonlyMap<string, readonly string[]>): string {
  const cases = [...words].map(([path, own]) => `    "${path}") words="${own.join(' ')}" ;;`).join('\n')
  return `_assay() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _assay assay`
}

function fish(words: ReadonlyMap<string, readonly string[]>): string {
  const lines = [...words].flatMap(([path, own]) => {
    const parts = path.split(' ').filter((part) => part !== '')
    const when =
      parts.length === 0
        ? '__fish_use_subcommand'
        : parts.map((part) => `__fish_seen_subcommand_from ${part}`).join('; and ')
    return own.map((word) =>
      word.startsWith('--')
        ? `complete -c assay -n '${when}' -l ${word.slice(2)}`
        : `complete -c assay -f -n '${when}' -a ${word}`,
    )
  })
  return lines.join('\n')
}
