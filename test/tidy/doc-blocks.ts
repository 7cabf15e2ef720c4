/** The code blocks of a Markdown page, and what can be checked of them without running them. */
import { parse as parsePath } from 'node:path'
import { packageOf, parseModule } from './parse-module.ts'

export interface CodeBlock {
  readonly path: string
  readonly line: number
  /** First word after the fence: `sh`, `ts`, `json`, … */
  readonly language: string
  readonly code: string
}

/** What exists in the repository, for a page to refer to. */
export interface Surroundings {
  readonly files: ReadonlySet<string>
  readonly scripts: ReadonlySet<string>
  readonly packages: ReadonlySet<string>
}

/** Throws on a fence that is never closed: everything after it would escape the checks. */
export function listCodeBlocks(path: string, text: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let open: { fence: string; line: number; language: string; lines: string[] } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*(`{3,}|~{3,})\s*([\w-]*)/.exec(line)
    if (open !== undefined && fence?.[1]?.startsWith(open.fence) && fence[2] === '') {
      blocks.push({ path, line: open.line, language: open.language, code: open.lines.join('\n') })
      open = undefined
    } else if (open !== undefined) open.lines.push(line)
    else if (fence) open = { fence: fence[1] ?? '', line: index + 1, language: fence[2] ?? '', lines: [] }
  }
  if (open !== undefined) throw new SyntaxError(`${path}:${open.line}: the code block is never closed`)
  return blocks
}

/** What is wrong with a block: code that does not parse, or a command, script, file or package that does not exist. */
export function blockFaults(block: CodeBlock, around: Surroundings): string[] {
  const at = (fault: string): string => `${block.path}:${block.line}: ${fault}`
  switch (block.language) {
    case 'ts':
      return typescriptFaults(block, around).map(at)
    case 'json':
      return isJson(block.code) ? [] : [at('not JSON')]
    case 'sh':
    case 'bash':
      return shellFaults(block.code, around).map(at)
    default:
      return []
  }
}

function typescriptFaults({ path, code }: CodeBlock, { packages }: Surroundings): string[] {
  try {
    const { specifiers } = parseModule(`${parsePath(path).name}.ts`, code)
    const ours = specifiers.map(packageOf).filter((name) => name?.startsWith('@assay/'))
    return ours.filter((name) => !packages.has(name ?? '')).map((name) => `no package ${name}`)
  } catch (error) {
    return [String(error)]
  }
}

function isJson(code: string): boolean {
  try {
    JSON.parse(code)
    return true
  } catch {
    return false
  }
}

function shellFaults(code: string, { files, scripts }: Surroundings): string[] {
  const commands = code.split('\n').map((line) => line.replace(/^\$ /, '').replace(/(^|\s)#.*$/, ''))
  return commands.flatMap((command) => {
    const paths = [...command.matchAll(/(?:^|\s)(?:node\s+|\.\/)((?:scripts|packages|services|test|\.ci)\/[\w./-]+)/g)]
    const runs = [...command.matchAll(/\bnpm run ([\w:-]+)(?!.*\s-w\s)/g)]
    return [
      ...paths.filter(([, path]) => !files.has(path ?? '')).map(([, path]) => `no file ${path}`),
      ...runs.filter(([, script]) => !scripts.has(script ?? '')).map(([, script]) => `no script "${script}"`),
    ]
  })
}
