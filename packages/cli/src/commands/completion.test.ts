import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import type { Command } from 'commander'
import { runLine } from '../../test/run-line.ts'
import { createTestIo } from '../../test/test-io.ts'
import { createProgram } from '../run-cli.ts'

const hasBash = spawnSync('bash', ['-c', 'true']).status === 0
const skip = hasBash ? false : 'SKIPPED, NOT TESTED: there is no bash'

const script = async (shell: string): Promise<string> => (await runLine(['completion', shell])).out

/** What bash offers after each of these lines, their last words unfinished. One shell for all. */
function complete(source: string, lines: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const asked = lines.map((words) => {
    const quoted = words.map((word) => `'${word}'`).join(' ')
    return `COMP_WORDS=(assay ${quoted}); COMP_CWORD=${words.length}; _assay; echo "\${COMPREPLY[@]}"`
  })
  const program = [source, ...asked].join('\n')
  const answers = execFileSync('bash', ['-c', program], { encoding: 'utf8', cwd: '/' }).trimEnd().split('\n')
  return answers.map((answer) => answer.split(' '))
}

function each(command: Command, path: readonly string[] = []): readonly (readonly [readonly string[], Command])[] {
  return command.commands.flatMap((sub) => [[[...path, sub.name()], sub] as const, ...each(sub, [...path, sub.name()])])
}
const commands = each(await createProgram(createTestIo(), () => undefined)).filter(([path]) => path.at(-1) !== 'help')

describe('assay completion', () => {
  it('prints a script that bash reads without complaint, for zsh too', { skip }, async () => {
    for (const shell of ['bash', 'zsh']) execFileSync('bash', ['-n'], { input: await script(shell) })
    assert.match(await script('zsh'), /bashcompinit/)
  })

  it('offers every command and every option in bash', { skip }, async () => {
    const source = await script('bash')
    const names = complete(
      source,
      commands.map(([path]) => path),
    )
    const options = complete(
      source,
      commands.map(([path]) => [...path, '--']),
    )
    for (const [i, [path, command]] of commands.entries()) {
      assert.deepEqual(names[i], [path.at(-1)])
      const all = command.options.flatMap(({ long }) => long ?? [])
      assert.deepEqual(options[i]?.toSorted(), [...all, '--help'].toSorted(), path.join(' '))
    }
  })

  it('completes words of the second level, and files where no word fits', { skip }, async () => {
    const source = await script('bash')
    assert.deepEqual(
      complete(source, [
        ['receipt', 'v'],
        ['receipt', 'show', 'et'],
      ]),
      [['verify'], ['etc']],
    )
  })

  it('names every command and option for fish', async () => {
    const source = await script('fish')
    for (const [path, command] of commands) {
      assert.match(source, new RegExp(` -a ${path.at(-1)}$`, 'm'))
      for (const { long } of command.options)
        if (long !== undefined) assert.match(source, new RegExp(`${path.at(-1)}.* -l ${long.slice(2)}$`, 'm'))
    }
    assert.ok(source.split('\n').every((line) => line.startsWith('complete -c assay ')))
  })
})
