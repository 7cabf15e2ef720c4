import { openChain } from '@assay/chain'
import { systemClock } from '@assay/node-kit'
import { asAddress, isMarketError, toMarketError } from '@assay/protocol'
import { openSandbox } from '@assay/runner'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exitCodes } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { findDevnet, homeOf } from '../settings.ts'
import { formatTable } from '../table.ts'
import type { AddCommand } from './add-command.ts'

interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly found: string
  readonly next?: string
}

export const addDoctor: AddCommand = (program, io, setExit) => {
  program
    .command('doctor')
    .description('look at this machine: Node, Docker, disk, chain; say what to do about what is missing')
    .option('--json', 'one JSON object')
    .action(async (flags: { readonly json?: boolean }) => {
      const findings = [checkNode(), ...(await checkDocker(io)), await checkDisk(io), await checkChain(io)]
      const ok = findings.every((finding) => finding.ok)
      if (flags.json === true) io.out(JSON.stringify({ ok, checks: findings }))
      else {
        for (const line of formatTable(
          ['check', '', 'found'],
          findings.map(({ check, ok: fine, found }) => [check, fine ? 'ok' : 'PROBLEM', found]),
        ))
          io.out(line)
        for (const { check, next } of findings) if (next !== undefined) io.out(`${check}: ${next}`)
      }
      if (!ok) setExit(exitCodes.incomplete)
    })
}

function checkNode(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  return {
    check: 'node',
    ok: major >= 24,
    found: process.versions.node,
    ...(major < 24 && { next: 'install Node.js 24 or newer' }),
  }
}

async function checkDocker(io: Io): Promise<readonly Finding[]> {
  const dir = await mkdtemp(join(tmpdir(), 'assay-doctor-'))
  try {
    await using sandbox = await openSandbox(
      { clock: systemClock },
      { runnerId: `doctor-${process.pid}`, stagingDir: dir },
      io.signal,
    )
    const facts = await sandbox.probe(io.signal)
    const found = `${facts.engineVersion}, ${facts.cpus / 1000} cores, ${Math.round(facts.memoryBytes / 2 ** 30)} GiB, cgroup v${facts.cgroupVersion}, ${facts.architecture}`
    const hardware = facts.hardwareClass ?? 'unknown: no class D2 here'
    return [
      { check: 'docker', ok: true, found },
      { check: 'hardware class', ok: true, found: hardware },
    ]
  } catch (error) {
    const known = toMarketError(error)
    return [{ check: 'docker', ok: false, found: known.message, next: known.next }]
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function checkDisk(io: Io): Promise<Finding> {
  const { bavail, bsize } = await statfs(io.userHome)
  const free = Math.floor((bavail * bsize) / 2 ** 30)
  const dir = homeOf(io).dataDir
  return {
    check: 'disk',
    ok: free >= 5,
    found: `${free} GiB free for ${dir}`,
    ...(free < 5 && { next: 'free some space: results and images need at least 5 GiB' }),
  }
}

async function checkChain(io: Io): Promise<Finding> {
  const devnet = await findDevnet(io)
  const rpcUrls = io.env['ASSAY_RPC_URLS']?.split(',') ?? (devnet && [devnet.rpcUrl])
  const escrow = io.env['ASSAY_ESCROW'] ?? devnet?.escrow
  if (rpcUrls === undefined || escrow === undefined)
    return { check: 'chain', ok: true, found: 'none configured (ASSAY_RPC_URLS, ASSAY_ESCROW)' }
  try {
    const { reader } = await openChain({ rpcUrls, escrow: asAddress(escrow) }, io.signal)
    return { check: 'chain', ok: true, found: `chain ${reader.market.chainId}, token ${reader.market.tokenName}` }
  } catch (error) {
    return {
      check: 'chain',
      ok: false,
      found: isMarketError(error) ? error.message : 'failed',
      next: toMarketError(error).next,
    }
  }
}
