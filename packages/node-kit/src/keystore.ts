/** The operator key at rest: an encrypted Web3 Secret Storage v3 file that Ethereum tools can read too. */
import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { MarketError, type PrivateKey } from '@assay/protocol'
import * as Keystore from 'ox/Keystore'
import { writeFileAtomic } from './atomic-file.ts'
import { KeystoreFile } from './keystore-schema.ts'
import { limits } from './limits.ts'
import { createPrivateKey, parsePrivateKey } from './private-key.ts'

export interface CreateKeystoreOptions {
  /** Default: a fresh one. */
  readonly privateKey?: PrivateKey
  /** log2 of scrypt's cost. Default `limits.scryptLogN`; lower it in tests only. */
  readonly scryptLogN?: number
}

/**
 * Writes a new keystore file with mode 0600 and returns its key. Never replaces a file.
 * Throws `keystore-invalid` when one exists or the passphrase is shorter than `limits.passphraseChars`.
 */
export async function createKeystore(
  path: string,
  passphrase: string,
  options: CreateKeystoreOptions = {},
): Promise<PrivateKey> {
  if (passphrase.length < limits.passphraseChars) {
    throw refuse(path, `the passphrase is shorter than ${limits.passphraseChars} characters`)
  }
  const privateKey = options.privateKey ?? createPrivateKey()
  const n = 2 ** (options.scryptLogN ?? limits.scryptLogN)
  // ox's `scryptAsync` ignores r and p, so the call that honours them; nothing else runs yet when a key is loaded.
  const [key, derivation] = Keystore.scrypt({
    password: passphrase,
    n,
    r: 8,
    p: 1,
    iv: new Uint8Array(randomBytes(16)),
  })
  const sealed = Keystore.encrypt(privateKey, key, derivation)
  try {
    await writeFileAtomic(path, `${JSON.stringify(sealed, null, 2)}\n`, { mode: 0o600, exclusive: true })
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') throw refuse(path, 'the file exists; it is never replaced', cause)
    throw cause
  }
  return privateKey
}

/**
 * Decrypts a keystore file. Throws `keystore-invalid` when it is missing, readable by others, malformed, too costly
 * to open, damaged, or the passphrase is wrong. Deriving the key takes about a second and blocks.
 */
export async function openKeystore(path: string, passphrase: string): Promise<PrivateKey> {
  const file = parseKeystore(path, await readPrivateFile(path))
  let plain: string
  try {
    plain = Keystore.decrypt(file, Keystore.toKey(file, { password: passphrase }))
  } catch (cause) {
    throw refuse(path, 'wrong passphrase or damaged file', cause)
  }
  return parsePrivateKey(plain, path)
}

function parseKeystore(path: string, text: string): KeystoreFile {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // Without the cause: it quotes the text, which may be a key that somebody saved in clear.
    throw refuse(path, 'not JSON')
  }
  const parsed = KeystoreFile.safeParse(json)
  if (parsed.success) return parsed.data
  throw refuse(path, `not a version 3 keystore: ${parsed.error.issues[0]?.path.join('.') ?? ''}`)
}

async function readPrivateFile(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r')
    const { mode, size } = await file.stat()
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw refuse(path, `mode ${(mode & 0o777).toString(8)} lets others at it; run chmod 600`)
    }
    if (size > limits.keystoreBytes) throw refuse(path, 'too large to be a keystore')
    return await file.readFile('utf8')
  } catch (cause) {
    const code = codeOf(cause)
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR')
      throw refuse(path, `cannot be read: ${code}`, cause)
    throw cause
  }
}

const refuse = (path: string, reason: string, cause?: unknown): MarketError =>
  new MarketError('keystore-invalid', `keystore ${path}: ${reason}`, { details: { path, reason }, cause })

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
