import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { errorCodes, errorTable, MarketError, codeOfRevert, revertNames } from '@assay/protocol'
import {
  BaseError,
  ContractFunctionRevertedError,
  encodeAbiParameters,
  encodeErrorResult,
  ExecutionRevertedError,
  HttpRequestError,
  InsufficientFundsError,
  RpcRequestError,
  TimeoutError,
  toFunctionSelector,
  type AbiParameter,
  type Hex,
} from 'viem'
import { escrowAbi } from './abi/escrow.ts'
import { callChain, decodeRevert, toChainError } from './chain-error.ts'
import { allAbis, codeOfText } from './revert-table.ts'

const errors = [...new Map(allAbis.filter(({ type }) => type === 'error').map((item) => [item.name, item])).values()]

/** Some value of a type of the errors' arguments. */
function sample({ type, name = '' }: AbiParameter): unknown {
  if (type === 'address') return `0x${'11'.repeat(20)}`
  if (type === 'bytes32') return `0x${'cd'.repeat(32)}`
  if (type === 'string') return name
  const bits = Number(/^u?int(\d+)$/.exec(type)?.[1])
  assert.ok(bits > 0, `a sample for ${type}`)
  return bits <= 48 ? 7 : 7n
}

describe('the table of refusals', () => {
  it('gives every error of every contract a code of its own meaning', () => {
    assert.ok(errors.length > 60)
    const unmapped = errors.map(({ name }) => name).filter((name) => codeOfRevert(name) === undefined)
    assert.deepEqual(unmapped, [], 'add these names to protocol/src/revert-codes.ts')
  })

  it('has each name once, under a code that exists', () => {
    assert.deepEqual(revertNames, [...new Set(revertNames)])
    for (const name of revertNames) assert.ok(errorCodes.includes(codeOfRevert(name)!), name)
  })

  it('decodes each from its bytes, with its arguments by name', () => {
    for (const item of errors) {
      const inputs: readonly AbiParameter[] = item.inputs
      const data = encodeErrorResult({ abi: [item], args: inputs.map(sample) } as never)
      const { code, reason, facts } = decodeRevert(data)
      assert.deepEqual([code, reason], [codeOfRevert(item.name), item.name])
      assert.deepEqual(facts, Object.fromEntries(inputs.map((input) => [input.name, String(sample(input))])))
    }
  })

  it('knows the words of USDC', () => {
    const texts = {
      'Blacklistable: account is blacklisted': 'account-blocked',
      'ERC20: transfer amount exceeds allowance': 'allowance-insufficient',
      'ERC20: transfer amount exceeds balance': 'balance-insufficient',
      'FiatTokenV2: authorization is used or canceled': 'authorization-invalid',
      'FiatTokenV2: authorization is expired': 'authorization-invalid',
      'FiatTokenV2: authorization is not yet valid': 'authorization-invalid',
      'FiatTokenV2: permit is expired': 'authorization-invalid',
      'FiatTokenV2: invalid signature': 'signature-invalid',
      "ECRecover: invalid signature 's' value": 'signature-invalid',
      'EIP2612: invalid signature': 'signature-invalid',
      'FiatTokenV2: caller must be the payee': 'unauthorized',
      'Pausable: paused': 'token-refused',
      'ERC20: transfer to the zero address': 'terms-invalid',
    } as const
    for (const [text, code] of Object.entries(texts)) {
      assert.equal(codeOfText(text), code, text)
      assert.deepEqual(decodeRevert(errorString(text)), { code, reason: text, facts: {} })
    }
    assert.equal(codeOfText('something else'), undefined)
    assert.equal(decodeRevert(errorString('something else')).code, 'transaction-reverted')
  })

  it('keeps what nobody knows: other errors, panics, no reason', () => {
    const unknown = toFunctionSelector('error Strange(uint256)')
    assert.deepEqual(decodeRevert(`${unknown}${'00'.repeat(32)}`), {
      code: 'transaction-reverted',
      reason: `unknown error ${unknown}`,
      facts: {},
    })
    const panic = decodeRevert(`0x4e487b71${'00'.repeat(31)}11`)
    assert.deepEqual([panic.code, panic.reason, Object.values(panic.facts)], ['transaction-reverted', 'Panic', ['17']])
    for (const nothing of ['0x', '0x12', `0x08c379a0${'ff'.repeat(8)}`] as const)
      assert.equal(decodeRevert(nothing).code, 'transaction-reverted')
  })
})

describe('a failed call', () => {
  const tooEarly = encodeErrorResult({ abi: escrowAbi, errorName: 'TooEarly', args: [99n] })
  const rpc = (error: { code: number; message: string; data?: unknown }) =>
    new RpcRequestError({ body: {}, error, url: 'http://127.0.0.1' })
  const wrap = (cause: Error) => new BaseError('outer', { cause: new BaseError('inner', { cause }) })

  it('is the refusal inside it, wherever the node puts the bytes', () => {
    const reverted = new ContractFunctionRevertedError({ abi: escrowAbi, data: tooEarly, functionName: 'refund' })
    for (const error of [
      wrap(reverted),
      wrap(rpc({ code: 3, message: 'execution reverted', data: tooEarly })),
      wrap(rpc({ code: -32_603, message: 'reverted', data: { data: tooEarly, message: 'x' } })),
    ]) {
      const { blame, code, details, message, next } = toChainError(error, 'refunding')
      assert.deepEqual(
        [code, blame, next, message],
        [
          'too-early',
          errorTable['too-early'].blame,
          errorTable['too-early'].next,
          'refunding was reverted: TooEarly(99)',
        ],
      )
      assert.deepEqual(details, { what: 'refunding', reason: 'TooEarly', args: '99', opensAt: '99' })
    }
    const words = new ExecutionRevertedError({ message: 'execution reverted: Pausable: paused' })
    assert.equal(toChainError(wrap(words), 'paying').code, 'token-refused')
  })

  it('is about the node, the gas, the address, or ourselves', () => {
    const cases = [
      [wrap(new HttpRequestError({ url: 'http://127.0.0.1' })), 'rpc-unavailable'],
      [wrap(new TimeoutError({ body: {}, url: 'http://127.0.0.1' })), 'rpc-unavailable'],
      [wrap(rpc({ code: -32_005, message: 'limit', data: { from: '0x1', limit: 10 } })), 'rpc-unavailable'],
      [wrap(new InsufficientFundsError()), 'gas-insufficient'],
      [wrap(rpc({ code: -32_000, message: "Sender doesn't have enough funds to send tx" })), 'gas-insufficient'],
      [new TypeError('x is not a function'), 'internal'],
    ] as const
    for (const [error, code] of cases) assert.equal(toChainError(error, 'asking').code, code, code)
    const ours = new MarketError('cancelled', 'x')
    assert.equal(toChainError(ours, 'asking'), ours)
  })

  it('is given up at once when the caller aborts', async () => {
    const controller = new AbortController()
    const never = callChain('asking', controller.signal, () => new Promise(() => undefined))
    const reason = new Error('enough')
    controller.abort(reason)
    await assert.rejects(never, reason)
    await assert.rejects(
      callChain('asking', controller.signal, () => Promise.resolve(1)),
      reason,
    )
    const open = new AbortController().signal
    assert.equal(await callChain('asking', open, () => Promise.resolve(1)), 1)
    await assert.rejects(
      callChain('asking', open, () => Promise.reject(new InsufficientFundsError())),
      {
        code: 'gas-insufficient',
      },
    )
  })
})

const errorString = (text: string): Hex => `0x08c379a0${encodeAbiParameters([{ type: 'string' }], [text]).slice(2)}`
