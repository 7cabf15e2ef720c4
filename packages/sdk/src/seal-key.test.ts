import assert from 'node:assert/strict'
import test from 'node:test'
import {
  createManifest,
  deriveResultRoot,
  isMarketError,
  sealResult,
  unsealResult,
  type DigestSigner,
} from '@assay/protocol'
import { createEvidenceCast, createTestActor, named } from '@assay/testkit'
import { deriveSealKey } from './seal-key.ts'

const { spec } = createEvidenceCast()
const signer = createTestActor('client')

test('gives a key pair of age: what is sealed to the recipient opens with the identity', async () => {
  const { identity, recipient } = await deriveSealKey(spec, signer)
  const made = createManifest([{ kind: 'directory', path: 'd' }])
  assert.ok('manifest' in made)
  const opening = { resultRoot: deriveResultRoot(made.manifest), salt: named('salt') } as const
  const sealed = await sealResult(
    { opening: { ...opening, salt: named('salt') }, manifest: made.manifest, read: nothing },
    recipient,
  )
  const opened = await unsealResult(sealed, identity, async () => undefined)
  assert.equal(opened.opening.resultRoot, opening.resultRoot)
})

test('gives the same key for the draft of a spec and for the finished spec', async () => {
  const { sealTo, ...draft } = spec
  assert.ok(sealTo.startsWith('age1'))
  assert.deepEqual(await deriveSealKey(draft, signer), await deriveSealKey(spec, signer))
})

test('gives other keys for another job and for another client', async () => {
  const own = await deriveSealKey(spec, signer)
  assert.notEqual((await deriveSealKey({ ...spec, command: ['true'] }, signer)).recipient, own.recipient)
  assert.notEqual((await deriveSealKey(spec, createTestActor('another'))).recipient, own.recipient)
})

test('refuses a signer whose signatures vary: its key could never be derived again', async () => {
  let turn = 0
  const varying: DigestSigner = { address: signer.address, sign: async () => named(`signature-${turn++}`) }
  await assert.rejects(deriveSealKey(spec, varying), (error) => isMarketError(error) && error.code === 'config-invalid')
})

async function* nothing(): AsyncGenerator<Uint8Array> {}
