/**
 * A hundred thousand cases each of sample, seats, slash and split: the code that validators and aggregators run, against
 * the specification written a second time in Solidity and against the library that shares out a slash on the chain.
 */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'

import { requiredRate, slashAmount, splitSlash } from '@assay/core'
import { asHash, bytesToHex, drawSeats, isSampled, ppm, usdc, type Address, type Ppm } from '@assay/protocol'
import { createSeededRng } from '@assay/testkit'
import { artifacts, network } from 'hardhat'
import {
  createPublicClient,
  createWalletClient,
  custom,
  decodeFunctionResult,
  encodeFunctionData,
  type Abi,
  type Hex,
} from 'viem'

const CASES = 100_000
/** The memory of one call costs more than it is long. */
const PER_CALL = 250
const MILLION = 1_000_000
/** Far above what any transaction may use: these are calls, under rules that cap no transaction. */
const GAS = 2n ** 40n
const SLASH_MULTIPLE = 300n

const rng = createSeededRng('audit vectors')
const word = (): Hex => bytesToHex(rng.bytes(32))
const address = (): Address => asHash(bytesToHex(rng.bytes(20)))
/** Any size of amount is equally likely, and the ends are among them. */
const amount = (): bigint => {
  const bits = rng.below(65)
  if (rng.chance(0.01)) return 2n ** 64n - 1n
  return bits === 0 ? 0n : BigInt(bytesToHex(rng.bytes(8))) >> BigInt(64 - bits)
}
const rate = (least: number): Ppm =>
  ppm(rng.chance(0.05) ? rng.pick([least, MILLION]) : least + rng.below(MILLION - least + 1))

interface Kind<Case, Answer> {
  readonly method: 'sampleAll' | 'seatAll' | 'slashAll' | 'splitAll'
  readonly make: () => Case
  readonly ours: (one: Case) => Answer
}

const sample: Kind<SampleCase, boolean> = {
  method: 'sampleAll',
  make: () => ({ randomness: word(), root: word(), commitment: word(), ratePpm: rate(0) }),
  ours: ({ randomness, root, commitment, ratePpm }) =>
    isSampled({ randomness: asHash(randomness), root: asHash(root), commitment: asHash(commitment) }, ratePpm),
}

const seats: Kind<SeatCase, readonly Address[]> = {
  method: 'seatAll',
  make: () => {
    const members = Array.from({ length: 1 + rng.below(9) }, () => ({
      validator: address(),
      stake: rng.chance(0.1) ? 0n : amount(),
    })).toSorted((a, b) => (a.validator < b.validator ? -1 : 1))
    const excluded = members.filter(() => rng.chance(0.2)).map(({ validator }) => validator)
    const round = rng.below(5)
    return {
      randomness: word(),
      root: word(),
      commitment: word(),
      round,
      seats: members,
      excluded: [...excluded, address()],
    }
  },
  ours: ({ randomness, root, commitment, round, seats: members, excluded }) =>
    drawSeats(
      { randomness: asHash(randomness), root: asHash(root), commitment: asHash(commitment) },
      round,
      members.map(({ validator, stake }) => ({ validator, stake: usdc(stake) })),
      new Set(excluded),
    ),
}

const slash: Kind<SlashCase, bigint> = {
  method: 'slashAll',
  make: () => {
    const [price, stake] = [amount() || 1n, amount()]
    // Half of them at the rate that the market itself would have set.
    const own = requiredRate({
      priceUsdc: usdc(price),
      stakeUsdc: usdc(stake),
      auditedPasses: rng.below(5000),
      minRatePpm: ppm(0),
      determinism: 'D1',
    })
    return { price, stake, ratePpm: rng.chance(0.5) ? own : rate(1) }
  },
  ours: ({ price, stake, ratePpm }) =>
    slashAmount({ priceUsdc: usdc(price), stakeUsdc: usdc(stake), ratePpm, determinism: 'D1' }),
}

const split: Kind<bigint, readonly bigint[]> = {
  method: 'splitAll',
  make: amount,
  ours: (whole) => {
    const { detectorUsdc, clientUsdc, fundUsdc } = splitSlash(usdc(whole))
    return [detectorUsdc, clientUsdc, fundUsdc]
  },
}

describe('off-chain and on-chain arithmetic', () => {
  let ask: (method: string, cases: readonly unknown[]) => Promise<readonly unknown[]>

  before(async () => {
    const connection = await network.create({
      network: 'default',
      override: { hardfork: 'prague', blockGasLimit: GAS },
    })
    const transport = custom(connection.provider, { retryCount: 0 })
    const publicClient = createPublicClient({ transport })
    const [account] = await createWalletClient({ transport }).getAddresses()
    const { abi, bytecode } = await artifacts.readArtifact('AuditReference')
    const wallet = createWalletClient({ transport, account: account! })
    const hash = await wallet.deployContract({
      abi: abi as Abi,
      bytecode: bytecode as Hex,
      chain: null,
      gas: 8_000_000n,
    })
    const { contractAddress } = await publicClient.getTransactionReceipt({ hash })
    ask = async (method, cases) => {
      const data = encodeFunctionData({ abi: abi as Abi, functionName: method, args: [cases] })
      const { data: answer } = await publicClient.call({ to: contractAddress!, data, gas: GAS })
      return decodeFunctionResult({ abi: abi as Abi, functionName: method, data: answer! }) as readonly unknown[]
    }
  })

  const agrees = async <Case, Answer>({ method, make, ours }: Kind<Case, Answer>): Promise<readonly Answer[]> => {
    const answers: Answer[] = []
    for (let done = 0; done < CASES; done += PER_CALL) {
      const cases = Array.from({ length: PER_CALL }, make)
      const theirs = await ask(method, cases)
      for (const [i, one] of cases.entries()) {
        const mine = ours(one)
        answers.push(mine)
        assert.deepEqual(lower(theirs[i]), mine, `case ${done + i}`)
      }
    }
    assert.equal(answers.length, CASES)
    return answers
  }

  it('agree on who is sampled', async () => {
    const drawn = (await agrees(sample)).filter(Boolean).length
    // Both ways: a function that always says the same would agree with its like.
    assert.ok(drawn > CASES / 3 && drawn < CASES, `${drawn} drawn`)
  })

  it('agree on who sits', async () => {
    const sizes = new Set((await agrees(seats)).map((drawn) => drawn.length))
    assert.deepEqual(
      [...sizes].toSorted((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    )
  })

  it('agree on what a fault costs', async () => {
    assert.ok(new Set(await agrees(slash)).size > CASES / 4)
  })

  it('agree on how a slash is shared out, to the last unit', async () => {
    for (const [toDetector = 0n, toClient = 0n, toFund = 0n] of await agrees(split))
      assert.ok(toDetector + toClient <= toFund + 1n)
  })

  it('never ask for more than the contracts allow for one fault, at any rate the market sets', () => {
    for (let i = 0; i < CASES; i++) {
      const [price, stake] = [amount() || 1n, amount()]
      const owed = slashAmount({
        priceUsdc: usdc(price),
        stakeUsdc: usdc(stake),
        ratePpm: rate(10_000),
        determinism: 'D1',
      })
      assert.ok(owed <= SLASH_MULTIPLE * price, `${owed} of ${price}`)
    }
  })
})

interface SampleCase {
  readonly randomness: Hex
  readonly root: Hex
  readonly commitment: Hex
  readonly ratePpm: Ppm
}
interface SeatCase extends Omit<SampleCase, 'ratePpm'> {
  readonly round: number
  readonly seats: readonly { readonly validator: Address; readonly stake: bigint }[]
  readonly excluded: readonly Address[]
}
interface SlashCase {
  readonly price: bigint
  readonly stake: bigint
  readonly ratePpm: Ppm
}

/** Addresses come back with capitals. */
function lower(answer: unknown): unknown {
  if (typeof answer === 'string') return answer.toLowerCase()
  return Array.isArray(answer) ? answer.map(lower) : answer
}
