/**
 * A copy of the contracts workspace that a tool may spoil: mutated sources, instrumented artifacts. Everything else of the
 * repository is linked, so imports out of this workspace work as they do in place.
 */
import { rmSync } from 'node:fs'
import { cp, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'

const CONTRACTS = resolve(import.meta.dirname, '../..')
const ROOT = resolve(CONTRACTS, '..')
/** Of the repository, what a copy must neither hold nor link. */
const LEFT_OUT = new Set(['contracts', '.git', '.tools', '.assay'])
const NOT_COPIED = new Set(['coverage', 'node_modules'])

/** For one Solidity test. Without a bound, a loop that a tool has spoilt takes all memory of the machine before it ends. */
const MOST_TEST_GAS = 4_000_000_000

export interface WorkspaceOptions {
  /** solc's optimizer settings; default the project's. */
  readonly optimizer?: Readonly<Record<string, unknown>>
  /** Most runs of a fuzz or invariant test; default what the project's configuration says. */
  readonly mostRuns?: number
}

export interface Workspace extends AsyncDisposable {
  /** The copy of `contracts`. */
  readonly folder: string
}

/** Copies the workspace into a temporary folder, which disposing it removes. */
export async function copyWorkspace(options: WorkspaceOptions = {}): Promise<Workspace> {
  const root = await mkdtemp(join(tmpdir(), 'assay-contracts-'))
  const folder = join(root, 'contracts')
  const entries = (await readdir(ROOT)).filter((name) => !LEFT_OUT.has(name))
  for (const name of entries) await symlink(join(ROOT, name), join(root, name))
  await cp(CONTRACTS, folder, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) })
  await rename(join(folder, 'hardhat.config.ts'), join(folder, 'project.config.ts'))
  await writeFile(join(folder, 'hardhat.config.ts'), configText(options))
  // A run that is ended from outside leaves nothing behind either.
  const removeNow = (): void => rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  process.once('exit', removeNow)
  return {
    folder,
    async [Symbol.asyncDispose]() {
      process.off('exit', removeNow)
      await rm(root, { recursive: true, force: true })
    },
  }
}

/**
 * The project's own configuration with what a tool needs different. Hardhat reads it as a module of the copy. What a tool
 * builds may be larger than a chain takes.
 */
function configText({ optimizer, mostRuns = Number.MAX_SAFE_INTEGER }: WorkspaceOptions): string {
  return `import project from './project.config.ts'

const optimizer = ${JSON.stringify(optimizer ?? null)}
const compilers = Object.entries(project.solidity.profiles).map(([name, { settings, ...compiler }]) => [
  name,
  { ...compiler, settings: { ...settings, optimizer: optimizer ?? settings.optimizer } },
])
const most = ${mostRuns}
const limit = ({ fuzz, invariant, ...rest }) => ({
  ...rest,
  gasLimit: ${MOST_TEST_GAS}n,
  fuzz: { ...fuzz, runs: Math.min(fuzz.runs, most) },
  invariant: { ...invariant, runs: Math.min(invariant.runs, most) },
})
const profiles = Object.entries(project.test.solidity.profiles).map(([name, profile]) => [name, limit(profile)])
export default {
  ...project,
  solidity: { ...project.solidity, profiles: Object.fromEntries(compilers) },
  networks: { ...project.networks, default: { ...project.networks.default, allowUnlimitedContractSize: true } },
  test: { ...project.test, solidity: { ...project.test.solidity, profiles: Object.fromEntries(profiles) } },
}
`
}
