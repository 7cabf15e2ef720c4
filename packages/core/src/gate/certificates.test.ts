/** Certificates from the answers to what they arm; malformed ones are findings, never exceptions. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  Certificate,
  deriveCertificateId,
  deriveGateShard,
  deriveTemplateHash,
  JobSpec,
  limits,
  openEnvelope,
  GateAnswer,
  toJson,
  unixMs,
  type Envelope,
  type Json,
} from '@assay/protocol'
import {
  buildCertificate,
  buildGateAnswer,
  buildRevocation,
  castBeaconGenesisMs,
  createEvidenceCast,
  createTestActor,
  named,
} from '@assay/testkit'
import fc from 'fast-check'
import {
  certificateFaults,
  certificateSubject,
  certifiedProgram,
  checkCertificate,
  checkRevocation,
  deriveCertificate,
  failedRunRoot,
  isRevoking,
  isSameProgram,
  isSlashable,
  type ArmingCase,
  type GateOutcome,
} from '../index.ts'

const cast = createEvidenceCast()
const anchors = { market: cast.market, quorum: cast.quorum }
const tolerance = {
  absolute: '1e-9',
  relative: '0',
  outlierPpm: 0,
  outlierFactor: '1',
  files: [{ files: '*', comparator: 'csv' }],
}
const issuedAtMs = unixMs(castBeaconGenesisMs)
const closedAtMs = unixMs(castBeaconGenesisMs + 5_000)

const outcomeOf = (answers: readonly Envelope[]): GateOutcome =>
  deriveCertificate({
    ...anchors,
    orderId: cast.orderId,
    subject: certificateSubject(cast.market, { orderId: cast.orderId, quorumId: cast.quorum.id, spec: cast.spec }),
    answers,
    issuedAtMs,
  })
const answersOf = async (count: number, fields: object = {}, from = 0): Promise<Envelope[]> =>
  Promise.all(Array.from({ length: count }, async (_, i) => (await buildGateAnswer(cast, from + i, fields)).answer))

describe('a certificate from answers', () => {
  const { threshold, members } = cast.quorum

  it('follows once a threshold found one result, whatever the order of the answers and whoever disagrees', async () => {
    const agreeing = await answersOf(threshold)
    const lying = await answersOf(1, { resultRoot: named('lie') }, threshold)
    const outcome = outcomeOf([...lying, ...agreeing])
    assert.ok(outcome.kind === 'certified')
    assert.deepEqual(outcomeOf([...agreeing.toReversed(), ...lying]).kind, 'certified')
    assert.equal(outcome.body.resultRoot, named('certified'))
    assert.equal(outcome.body.expiresAtMs - outcome.body.issuedAtMs, limits.certificateLifeMs)
    assert.equal(outcome.countedBy.length, threshold)
    assert.deepEqual(toJson(Certificate.parse(toJson({ body: outcome.body, signatures: [sign(outcome.body)] }))), {
      body: toJson(outcome.body),
      signatures: [sign(outcome.body)],
    })
  })

  it('names only what every counted member varied', async () => {
    const some = await answersOf(threshold - 1, { conditions: ['clock', 'cores', 'locale'] })
    const outcome = outcomeOf([...some, ...(await answersOf(1, { conditions: ['clock', 'locale'] }, threshold - 1))])
    assert.ok(outcome.kind === 'certified')
    assert.deepEqual(outcome.body.conditions, ['clock', 'locale'])
  })

  it('waits while those who are silent could still make a threshold, and not longer', async () => {
    assert.equal(outcomeOf(await answersOf(threshold - 1)).kind, 'pending')
    const different = await Promise.all(
      members.map(async (_, i) => (await buildGateAnswer(cast, i, { resultRoot: named(`root ${i}`) })).answer),
    )
    const outcome = outcomeOf(different)
    assert.ok(outcome.kind === 'refused')
    assert.equal(outcome.reason, 'members-differ')
  })

  it('says whether runs differ, fail, or only members do', async () => {
    const differ = outcomeOf(await answersOf(members.length, { grade: 'unverifiable' }))
    assert.ok(differ.kind === 'refused' && differ.reason === 'runs-differ')
    const failing = outcomeOf(await answersOf(members.length, { grade: 'unverifiable', resultRoot: failedRunRoot }))
    assert.ok(failing.kind === 'refused' && failing.reason === 'run-failed')
    const failedAlike = outcomeOf(await answersOf(members.length, { grade: 'exact', resultRoot: failedRunRoot }))
    assert.equal(failedAlike.kind, 'refused', 'a job that always fails is no program to certify')
  })

  it('takes no answer of a stranger, of another order or market, or twice', async () => {
    const good = await answersOf(threshold)
    const stranger = createTestActor('stranger')
    const [first] = good
    assert.ok(first !== undefined)
    const body = openEnvelope('gate-answer/1', GateAnswer, first)
    const { signGateAnswer } = await import('@assay/protocol')
    const foreign = (await signGateAnswer(body, stranger)).answer
    const bad = [
      foreign,
      first,
      { ...first, signer: cast.validators[threshold]!.address },
      (await buildGateAnswer(cast, threshold, { orderId: named('order') })).answer,
      (await buildGateAnswer(cast, threshold, { chainId: 1 })).answer,
    ]
    for (const [i, answer] of bad.entries()) assert.equal(outcomeOf([...good, answer]).kind, 'invalid', `${i}`)
  })
})

const sign = (body: Certificate['body']) => cast.validators[0]!.signNow(deriveCertificateId(body))

describe('a certificate', () => {
  it('holds for its market and quorum, and says who signed', () => {
    const checked = checkCertificate(buildCertificate(cast), anchors)
    assert.ok(checked.ok)
    assert.deepEqual(checked.signedBy, cast.quorum.members.slice(0, cast.quorum.threshold))
    assert.ok(checkRevocation(buildRevocation(cast, checked.id), anchors).ok)
  })

  it('holds no longer once any part of it is changed, and says so as a finding', () => {
    const whole = toJson(buildCertificate(cast))
    const leaves = leavesOf(whole)
    fc.assert(
      fc.property(fc.constantFrom(...leaves), fc.oneof(fc.anything(), likely), (path, value) => {
        const changed = Certificate.safeParse(changeAt(whole, path, value))
        if (!changed.success) return
        if (JSON.stringify(toJson(changed.data)) === JSON.stringify(whole)) return
        const checked = checkCertificate(changed.data, anchors)
        assert.ok(!checked.ok && certificateFaults.includes(checked.fault), path.join('.'))
      }),
    )
  })

  it('takes no stranger and no member twice among its signers', () => {
    const { body, signatures } = buildCertificate(cast, { signers: cast.quorum.threshold - 1 })
    const faultWith = (signature: Certificate['signatures'][number]) => {
      const checked = checkCertificate({ body, signatures: [...signatures, signature] }, anchors)
      return checked.ok ? 'ok' : checked.fault
    }
    assert.equal(faultWith(signatures[0]!), 'certificate-signer')
    assert.equal(faultWith(createTestActor('stranger').signNow(deriveCertificateId(body))), 'certificate-signer')
    assert.equal(faultWith(cast.validators.at(-1)!.signNow(deriveCertificateId(body))), 'ok')
  })

  it('lives no longer than its bound, and not backwards', () => {
    for (const expiresAtMs of [issuedAtMs, issuedAtMs - 1, issuedAtMs + limits.certificateLifeMs + 1]) {
      const checked = checkCertificate(buildCertificate(cast, { body: { expiresAtMs } }), anchors)
      assert.ok(!checked.ok && checked.fault === 'certificate-malformed')
    }
  })
})

describe('arming', () => {
  const armed = (fields: Partial<ArmingCase> = {}): string => {
    const certificate = buildCertificate(cast)
    const result = isSlashable({
      ...anchors,
      spec: cast.spec,
      closedAtMs,
      opened: true,
      certificate,
      isRevoked: () => false,
      ...fields,
    })
    return result.ok ? 'armed' : result.fault
  }

  it('needs a certificate of the program, in force when the epoch closed and not revoked', () => {
    assert.equal(armed(), 'armed')
    assert.equal(armed({ certificate: undefined }), 'certificate-missing')
    assert.equal(armed({ certificate: undefined, opened: false }), 'armed', 'silence needs none')
    assert.equal(armed({ isRevoked: () => true }), 'certificate-revoked')
    assert.equal(armed({ closedAtMs: unixMs(issuedAtMs - 1) }), 'certificate-term')
    assert.equal(armed({ closedAtMs: unixMs(issuedAtMs + limits.certificateLifeMs) }), 'certificate-term')
    assert.equal(armed({ spec: { ...cast.spec, command: ['true'] } }), 'certificate-program')
    assert.equal(armed({ market: { ...cast.market, chainId: 1 } }), 'certificate-market')
    assert.equal(armed({ quorum: { ...cast.quorum, members: [createTestActor('x').address] } }), 'certificate-signer')
  })

  it('is lost to a panel that disagreed, not to one that could not be seated', () => {
    const round = (count: number) => ({ commits: [], attestations: Array.from({ length: count }, () => ({}) as never) })
    assert.equal(isRevoking('nondeterministic', { rounds: [round(1), round(3)] }), true)
    assert.equal(isRevoking('nondeterministic', { rounds: [round(1)] }), false)
    assert.equal(isRevoking('provider-fault', { rounds: [round(1), round(3)] }), false)
  })
})

describe('a program', () => {
  it('is the same whoever buys it, for how much, and with what inputs', () => {
    const other = createEvidenceCast({ label: 'other', shards: 9, spec: { priceUsdc: '7', minAuditRatePpm: 5 } })
    assert.ok(isSameProgram(certifiedProgram(cast.spec), certifiedProgram(other.spec)))
  })

  it('is another one with any other command, environment, limit, flag or shared file', () => {
    const file = { path: 'main.py', root: named('blob'), size: 1, executable: false }
    for (const fields of [
      { command: ['sh', '-c', 'wc -l /in/data'] },
      { env: { A: '1' } },
      { resources: { ...cast.spec.resources, memoryBytes: 32 * 1024 * 1024 } },
      { timeLimitMs: 100 },
      { captureStdout: false },
      { outputBytes: 1 },
      { sharedInputs: [file] },
      { determinism: 'DX' },
      { determinism: 'D2', hardwareClass: 'cpu/own' },
      { determinism: 'D3', tolerance },
    ]) {
      const spec = JobSpec.parse({ ...(toJson(cast.spec) as object), ...fields })
      assert.notEqual(deriveTemplateHash(spec), deriveTemplateHash(cast.spec), JSON.stringify(fields))
    }
  })

  it('is another one on other hardware, or within another tolerance', () => {
    const specOf = (fields: object) => JobSpec.parse({ ...(toJson(cast.spec) as object), ...fields })
    const own = certifiedProgram(specOf({ determinism: 'D2', hardwareClass: 'cpu/own' }))
    const other = certifiedProgram(specOf({ determinism: 'D2', hardwareClass: 'cpu/other' }))
    assert.deepEqual([own.hardwareClass, other.hardwareClass], ['cpu/own', 'cpu/other'])
    assert.notEqual(own.templateHash, other.templateHash)
    assert.ok(!isSameProgram(own, other))
    const near = certifiedProgram(specOf({ determinism: 'D3', tolerance }))
    const nearer = certifiedProgram(specOf({ determinism: 'D3', tolerance: { ...tolerance, absolute: '1e-12' } }))
    assert.ok(!isSameProgram(near, nearer))
  })

  it('is tried on a shard that the order draws, each as often as the other', () => {
    const drawn = Array.from({ length: 400 }, (_, i) => deriveGateShard(named(`order ${i}`), 4))
    for (const shard of [0, 1, 2, 3]) assert.ok(drawn.filter((one) => one === shard).length > 70)
  })
})

/** Values that the schema takes somewhere, so that what is changed is mostly still a certificate. */
const likely = fc.constantFrom<unknown>(
  0,
  1,
  2,
  issuedAtMs + 1,
  'DX',
  'unverifiable',
  'locale',
  'class',
  `sha256:${'00'.repeat(32)}`,
  named('hash'),
  cast.client.address,
  cast.validators[0]!.signNow(named('digest')),
)

type Path = readonly (string | number)[]

function leavesOf(value: Json, path: Path = []): Path[] {
  if (value === null || typeof value !== 'object') return [path]
  return Object.entries(value).flatMap(([key, item]) => [path, ...leavesOf(item ?? null, [...path, key])])
}

function changeAt(value: unknown, [key, ...rest]: Path, leaf: unknown): unknown {
  if (key === undefined) return leaf
  if (Array.isArray(value))
    return value.map((item: unknown, i) => (String(i) === key ? changeAt(item, rest, leaf) : item))
  const held = value as Record<string, unknown>
  return { ...held, [key]: changeAt(held[key], rest, leaf) }
}
