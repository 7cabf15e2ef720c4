import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { createKeystore, createPrivateKey, loadOperatorKey, openKeystore, writeFileAtomic } from '../src/index.ts'

const passphrase = 'correct horse battery'
const cheap = { scryptLogN: 10 }

async function openFolder() {
  const path = await mkdtemp(join(tmpdir(), 'assay-keystore-'))
  return {
    path,
    file: join(path, 'operator.json'),
    [Symbol.asyncDispose]: async () => rm(path, { recursive: true }),
  }
}

describe('keystore', () => {
  it('gives back the key to the passphrase, and to nothing else', async () => {
    await using folder = await openFolder()
    const key = await createKeystore(folder.file, passphrase, cheap)
    assert.equal(await openKeystore(folder.file, passphrase), key)
    for (const wrong of ['', 'correct horse batterz', `${passphrase} `]) {
      await assert.rejects(openKeystore(folder.file, wrong), { code: 'keystore-invalid', message: /passphrase/ })
    }
  })

  it('writes mode 0600, and neither key nor passphrase in clear', async () => {
    await using folder = await openFolder()
    const key = await createKeystore(folder.file, passphrase, cheap)
    assert.equal((await stat(folder.file)).mode & 0o777, 0o600)
    const text = await readFile(folder.file, 'utf8')
    assert.ok(!text.includes(key.slice(2)) && !text.includes('horse'))
    assert.deepEqual(await readdir(folder.path), ['operator.json'])
  })

  it('costs what Ethereum clients make it cost, unless a test says otherwise', async () => {
    await using folder = await openFolder()
    const key = await createKeystore(folder.file, passphrase)
    const file = JSON.parse(await readFile(folder.file, 'utf8')) as { crypto: { kdfparams: object } }
    const { n, r, p } = file.crypto.kdfparams as Record<string, number>
    assert.deepEqual({ n, r, p }, { n: 262_144, r: 8, p: 1 })
    assert.equal(await openKeystore(folder.file, passphrase), key)
  })

  it('never replaces a keystore', async () => {
    await using folder = await openFolder()
    const key = await createKeystore(folder.file, passphrase, cheap)
    await assert.rejects(createKeystore(folder.file, passphrase, cheap), {
      code: 'keystore-invalid',
      message: /exists/,
    })
    assert.equal(await openKeystore(folder.file, passphrase), key)
    assert.deepEqual(await readdir(folder.path), ['operator.json'])
  })

  it('refuses files that others can read', async () => {
    await using folder = await openFolder()
    await createKeystore(folder.file, passphrase, cheap)
    for (const mode of [0o640, 0o604, 0o660, 0o644]) {
      await chmod(folder.file, mode)
      await assert.rejects(openKeystore(folder.file, passphrase), { code: 'keystore-invalid', message: /chmod 600/ })
    }
    await chmod(folder.file, 0o400)
    await openKeystore(folder.file, passphrase)
  })

  it('refuses short passphrases', async () => {
    await using folder = await openFolder()
    await assert.rejects(createKeystore(folder.file, 'short', cheap), { code: 'keystore-invalid', message: /shorter/ })
    assert.deepEqual(await readdir(folder.path), [])
  })

  it('opens the published test vectors of the format, scrypt and PBKDF2', async () => {
    await using folder = await openFolder()
    for (const vector of vectors) {
      await writeFile(folder.file, JSON.stringify(vector), { mode: 0o600 })
      assert.equal(await openKeystore(folder.file, 'testpassword'), vectorKey)
    }
  })

  it('refuses what is missing, damaged, or too costly to open', async () => {
    await using folder = await openFolder()
    const refused = async (path = folder.file): Promise<void> =>
      assert.rejects(openKeystore(path, 'testpassword'), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'keystore-invalid', inspect(error))
        assert.ok(!inspect(error).includes('7f3a7f3a'))
        return true
      })
    await refused()
    await refused(folder.path)
    await createKeystore(folder.file, 'testpassword', cheap)
    const scrypt = JSON.parse(await readFile(folder.file, 'utf8')) as (typeof vectors)[0]
    const variants: unknown[] = [
      `0x${'7f3a'.repeat(16)}`,
      {},
      { ...scrypt, version: 4 },
      { ...scrypt, crypto: { ...scrypt.crypto, mac: '00'.repeat(32) } },
      { ...scrypt, crypto: { ...scrypt.crypto, ciphertext: '00'.repeat(32) } },
      { ...scrypt, crypto: { ...scrypt.crypto, kdf: 'none' } },
      { ...scrypt, crypto: { ...scrypt.crypto, kdfparams: { ...scrypt.crypto.kdfparams, n: 2 ** 30 } } },
      { ...scrypt, crypto: { ...scrypt.crypto, kdfparams: { ...scrypt.crypto.kdfparams, n: 1000 } } },
      'x'.repeat(100_000),
    ]
    for (const variant of variants) {
      await writeFile(folder.file, typeof variant === 'string' ? variant : JSON.stringify(variant), { mode: 0o600 })
      await refused()
    }
  })
})

describe('loadOperatorKey', () => {
  it('takes the variable first, then the keystore with the passphrase from wherever it is', async () => {
    await using folder = await openFolder()
    const stored = await createKeystore(folder.file, passphrase, cheap)
    const other = createPrivateKey()
    const passphraseFile = join(folder.path, 'passphrase')
    await writeFile(passphraseFile, `${passphrase}\n`)
    const load = async (env: Record<string, string>, askPassphrase?: () => Promise<string>) =>
      loadOperatorKey({ env, keystorePath: folder.file, ...(askPassphrase === undefined ? {} : { askPassphrase }) })
    assert.equal(await load({ ASSAY_OPERATOR_KEY: other }), other)
    assert.equal(await load({ ASSAY_OPERATOR_KEY: '', ASSAY_PASSPHRASE: passphrase }), stored)
    assert.equal(await load({ ASSAY_PASSPHRASE_FILE: passphraseFile }), stored)
    assert.equal(await load({}, async () => passphrase), stored)
    await assert.rejects(load({}), { code: 'keystore-invalid', message: /ASSAY_PASSPHRASE/ })
    await assert.rejects(load({ ASSAY_PASSPHRASE_FILE: join(folder.path, 'none') }), { code: 'keystore-invalid' })
    await assert.rejects(load({ ASSAY_OPERATOR_KEY: `${other}00` }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'keystore-invalid')
      assert.ok(!inspect(error).includes(other.slice(2, 20)))
      return true
    })
  })
})

describe('writeFileAtomic', () => {
  it('replaces a file whole, or fails on one when it must be new, and leaves nothing behind', async () => {
    await using folder = await openFolder()
    const nested = join(folder.path, 'a', 'b', 'file')
    await writeFileAtomic(nested, 'one', { mode: 0o600 })
    await writeFileAtomic(nested, 'two', { mode: 0o644 })
    assert.equal(await readFile(nested, 'utf8'), 'two')
    assert.equal((await stat(nested)).mode & 0o777, 0o644)
    assert.equal((await stat(join(folder.path, 'a'))).mode & 0o777, 0o700)
    await assert.rejects(writeFileAtomic(nested, 'three', { mode: 0o600, exclusive: true }), { code: 'EEXIST' })
    const dangling = join(folder.path, 'a', 'b', 'link')
    await symlink(join(folder.path, 'nowhere'), dangling)
    await assert.rejects(writeFileAtomic(dangling, 'x', { mode: 0o600, exclusive: true }), { code: 'EEXIST' })
    assert.deepEqual((await readdir(join(folder.path, 'a', 'b'))).sort(), ['file', 'link'])
  })
})

/** From the Web3 Secret Storage definition: one key under the passphrase `testpassword`. */
const vectorKey = '0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d'
const vectors = [
  {
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: '83dbcc02d8ccb40e466191a123791e0e' },
      ciphertext: 'd172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c',
      kdf: 'scrypt',
      kdfparams: {
        dklen: 32,
        n: 262144,
        p: 8,
        r: 1,
        salt: 'ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19',
      },
      mac: '2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097',
    },
    id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
    version: 3,
  },
  {
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
      ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
      kdf: 'pbkdf2',
      kdfparams: {
        c: 262144,
        dklen: 32,
        prf: 'hmac-sha256',
        salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
      },
      mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
    },
    id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
    version: 3,
  },
]
