import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import type { Command } from 'commander'
import { createTestIo, runLine } from '../../test/test-io.ts'
import { createProgram } from '../run-cli.ts'

const hasBash = spawnSync('bash', ['-c', 'true']).status === 0
const skip = hasBash ? false : 'SKIPPED, NOT TESTED: there is no bash'

const script = async (shell: string): Promise<string> => (await runLine(['completion', shell])).out

/** What bash offers after these words, the last one unfinished. */
function complete(source: string, words: readonly string[]): readonly string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ')
  const program = `${source}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _assay; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', program], { encoding: 'utf8', cwd: '/' }).trim().split('\n')
}

function each(command: Command, path: readonly string[] = []): readonly (readonly [readonly string[], Command])[] {
  return command.commands.flatMap((sub) => [[[...path, sub.name()], sub] as const, ...each(sub, [...path, sub.name()])])
}
const commands = each(createProgram(createTestIo(), () => undefined)).filter(([path]) => path.at(-1) !== 'help')

describe('assay completion', () => {
  it('prints a script that bash reads without complaint, for zsh too', { skip }, async () => {
    for (const shell of ['bash', 'zsh']) execFileSync('bash', ['-n'], { input: await script(shell) })
    assert.match(await script('zsh'), /bashcompinit/)
  })

  it('offers every command and every option in bash', { skip }, async () => {
    const source = await script('bash')
    for (const [path, command] of commands) {
      assert.deepEqual(complete(source, ['assay', ...path]), [path.at(-1)], path.join(' '))
      const offered = new Set(complete(source, ['assay', ...path, '--']))
      for (const { long } of command.options)
        assert.ok(long === undefined || offered.has(long), `${path.join(' ')} ${long}`)
      assert.ok(offered.has('--help'))
    }
    assert.deepEqual(complete(source, ['assay', 'receipt', 'v']), ['verify'])
  })

  it('offers files where no word fits', { skip }, async () => {
    const offered = complete(await script('bash'), ['assay', 'receipt', 'show', 'et'])
    assert.deepEqual(offered, ['etc'])
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
