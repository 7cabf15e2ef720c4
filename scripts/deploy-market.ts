/**
 * `./scripts/deploy --network local|amoy|polygon --rpc URL [--guardian ADDRESS] [--dry-run] [--json]`; see docs/deploying.md.
 * The key comes from the environment and from nowhere else.
 */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DeployRequest, KEY_VARIABLE, UsageError, parseDeployRequest } from './lib/deploy-request.ts'
import { type DeploymentResult, runDeployment } from './lib/run-deployment.ts'

const ROOT = join(import.meta.dirname, '..')
const EXIT_USAGE = 64
/** What the contracts are built from: a record has to say which commit that was. */
const BUILT_FROM = ['contracts/src', 'contracts/hardhat.config.ts', 'contracts/package.json', 'package-lock.json']

try {
  const request = parseDeployRequest(process.argv.slice(2), process.env, join(ROOT, 'contracts'))
  // No process that is started from here needs it.
  delete process.env[KEY_VARIABLE]
  await deploy(request)
} catch (error) {
  // A stack trace would bury the one sentence that matters, and could show arguments.
  for (let cause = error; cause instanceof Error; cause = cause.cause) console.error(`deploy: ${cause.message}`)
  process.exitCode = error instanceof UsageError ? EXIT_USAGE : 1
}

async function deploy(request: DeployRequest): Promise<void> {
  const commit = readCommit(request)
  const temporary = request.folder === undefined ? await mkdtemp(join(tmpdir(), 'assay-deploy-')) : undefined
  try {
    const folder = request.folder ?? temporary ?? ROOT
    const say = (line: string): void => (request.json ? console.error(line) : console.log(line))
    const result = await runDeployment(request, { folder, commit, say })
    if (request.json) console.log(toJson(result))
    else console.log(result.outcome === 'dry run' ? 'dry run: nothing was sent' : `${result.outcome}`)
  } finally {
    if (temporary !== undefined) await rm(temporary, { recursive: true })
  }
}

/** Real money runs on a commit that anybody can check out again. */
function readCommit({ network, dryRun }: DeployRequest): string | undefined {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-C', ROOT, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  const mustBeClean = network.name === 'polygon' && !dryRun
  try {
    const commit = git('rev-parse', 'HEAD')
    const changed = git('status', '--porcelain', '--', ...BUILT_FROM)
    if (changed === '') return commit
    if (mustBeClean) throw new Error(`these files are not as they were committed:\n${changed}`)
    return `${commit} with changes`
  } catch (cause) {
    if (mustBeClean) throw new Error('cannot say which commit this is', { cause })
    return undefined
  }
}

function toJson({ outcome, plan, gas, cost }: DeploymentResult): string {
  const values = { outcome, ...plan, gas, cost }
  return JSON.stringify(values, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}
