import assert from 'node:assert/strict'
import { it } from 'node:test'
import { BaseError, RpcRequestError, type PublicClient } from 'viem'
import { broadcast } from './broadcast.ts'

const nodeSaying = (message: string | undefined): PublicClient =>
  ({
    sendRawTransaction: () =>
      message === undefined
        ? Promise.resolve('0x00')
        : Promise.reject(
            new BaseError('outer', {
              cause: new RpcRequestError({ body: {}, error: { code: -32_000, message }, url: 'http://127.0.0.1' }),
            }),
          ),
  }) as unknown as PublicClient
const kindOf = async (...messages: readonly (string | undefined)[]): Promise<string> =>
  (await broadcast(messages.map(nodeSaying), '0x02')).kind

it('understands what the usual nodes say', async () => {
  const words = {
    taken: [
      undefined,
      'already known',
      'AlreadyKnown',
      'Known transaction: 0x8b1a',
      'transaction already imported',
      'replacement transaction underpriced',
      'Replacement transaction underpriced. A gasPrice/maxFeePerGas of at least 11 is necessary',
      'INTERNAL_ERROR: could not replace existing tx',
      'FeeTooLowToCompete',
    ],
    used: [
      'nonce too low',
      'nonce too low: next nonce 5, tx nonce 4',
      'Transaction nonce too low. Expected 1 but got 0',
    ],
    poor: [
      'insufficient funds for gas * price + value',
      "Sender doesn't have enough funds to send tx",
      'InsufficientFunds',
    ],
    refused: [
      'transaction underpriced',
      'tx fee (1.20 ether) exceeds the configured cap (1.00 ether)',
      'txpool is full',
    ],
  }
  for (const [kind, messages] of Object.entries(words))
    for (const message of messages) assert.equal(await kindOf(message), kind, message)
})

it('is content with one node of several, and else tells the gravest', async () => {
  assert.equal(await kindOf('txpool is full', undefined, 'nonce too low'), 'taken')
  assert.equal(await kindOf('txpool is full', 'nonce too low'), 'used')
  assert.equal(await kindOf('txpool is full', 'nonce too low', 'insufficient funds'), 'poor')
  const answer = await broadcast([nodeSaying('insufficient funds')], '0x02')
  assert.ok(answer.kind === 'poor')
  assert.equal(answer.error.code, 'gas-insufficient')
})
