/** The static busybox that is PID 1 of every container. */
import { constants } from 'node:fs'
import { access, open, realpath, type FileHandle } from 'node:fs/promises'
import { MarketError } from '@assay/protocol'

/**
 * Path of a statically linked busybox: `path` itself, else `$ASSAY_BUSYBOX`, else the usual places.
 * A dynamic one (Debian's package `busybox`) would not start inside images with another libc.
 * Throws `config-invalid`.
 */
export async function findStubBinary(path: string | undefined = process.env['ASSAY_BUSYBOX']): Promise<string> {
  const faults: string[] = []
  for (const candidate of path === undefined || path === '' ? usualPlaces : [path]) {
    const fault = await stubFault(candidate)
    if (fault === undefined) return realpath(candidate)
    faults.push(`${candidate} ${fault}`)
  }
  throw new MarketError('config-invalid', 'no static busybox for the sandbox', {
    blame: 'provider',
    details: { setting: 'ASSAY_BUSYBOX', found: faults.join('; '), command: 'sudo apt-get install -y busybox-static' },
  })
}

const usualPlaces = ['/bin/busybox', '/usr/bin/busybox', '/sbin/busybox', '/bin/busybox.static']

async function stubFault(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.R_OK | constants.X_OK)
    await using file = await open(path)
    return (await isStaticElf(file)) ? undefined : 'is not a statically linked 64-bit program'
  } catch {
    return 'is missing or cannot be executed'
  }
}

/** ELF64, little endian, no program header of type PT_INTERP (ELF specification, "Program Header"). */
async function isStaticElf(file: FileHandle): Promise<boolean> {
  const head = Buffer.alloc(64)
  await file.read(head, 0, head.length, 0)
  if (head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1) return false
  const tableAt = Number(head.readBigUInt64LE(32))
  const entryBytes = head.readUInt16LE(54)
  const entries = head.readUInt16LE(56)
  if (!Number.isSafeInteger(tableAt) || entryBytes < 56) return false
  const table = Buffer.alloc(entryBytes * entries)
  const { bytesRead } = await file.read(table, 0, table.length, tableAt)
  if (bytesRead !== table.length) return false
  for (let i = 0; i < entries; i++) if (table.readUInt32LE(i * entryBytes) === interpreterHeader) return false
  return true
}

const interpreterHeader = 3
