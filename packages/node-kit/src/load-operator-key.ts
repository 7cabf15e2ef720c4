/** Where a service finds its operator key when it starts. */
import { readFile } from 'node:fs/promises'
import { MarketError, type PrivateKey } from '@assay/protocol'
import { openKeystore } from './keystore.ts'
import { parsePrivateKey } from './private-key.ts'

export interface OperatorKeySources {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly keystorePath: string
  /** Asks a person, when neither `ASSAY_PASSPHRASE` nor `ASSAY_PASSPHRASE_FILE` is set. */
  readonly askPassphrase?: () => Promise<string>
}

/**
 * The key in `ASSAY_OPERATOR_KEY` or else in the keystore file, opened with `ASSAY_PASSPHRASE`, the first line of
 * `ASSAY_PASSPHRASE_FILE`, or what a person answers. Throws `keystore-invalid`.
 */
export async function loadOperatorKey(sources: OperatorKeySources): Promise<PrivateKey> {
  const fromEnv = sources.env['ASSAY_OPERATOR_KEY']
  if (fromEnv !== undefined && fromEnv !== '') return parsePrivateKey(fromEnv, 'ASSAY_OPERATOR_KEY')
  return openKeystore(sources.keystorePath, await findPassphrase(sources))
}

async function findPassphrase({ env, askPassphrase }: OperatorKeySources): Promise<string> {
  const given = env['ASSAY_PASSPHRASE']
  if (given !== undefined && given !== '') return given
  const path = env['ASSAY_PASSPHRASE_FILE']
  if (path !== undefined && path !== '') return firstLine(path)
  if (askPassphrase !== undefined) return askPassphrase()
  const reason = 'no passphrase: set ASSAY_PASSPHRASE or ASSAY_PASSPHRASE_FILE'
  throw new MarketError('keystore-invalid', reason, { details: { reason } })
}

async function firstLine(path: string): Promise<string> {
  try {
    const [line = ''] = (await readFile(path, 'utf8')).split(/\r?\n/)
    return line
  } catch (cause) {
    const reason = 'the passphrase file cannot be read'
    throw new MarketError('keystore-invalid', reason, { details: { path, reason }, cause })
  }
}
