import { durationMs } from '@assay/protocol'
import { chainCompliance, type ChainHarness } from './chain-compliance.ts'
import { disputeCompliance } from './dispute-compliance.ts'
import { createFakeChain } from './fake-chain.ts'
import { createFakeClock } from './fake-clock.ts'

const open = async (): Promise<ChainHarness> => {
  const clock = createFakeClock()
  const chain = createFakeChain({ clock }, { appealWindow: 3600 })
  return {
    reader: chain.reader,
    writer: ({ address }) => chain.writer(address),
    mint: async (to, amount) => chain.mint(to, amount),
    register: async ({ address }, role, stakeUsdc) => chain.register(address, { [role]: true, stakeUsdc }),
    createQuorum: async (members, threshold, appealsTo) =>
      chain.createQuorum(
        members.map(({ address }) => address),
        threshold,
        appealsTo,
      ),
    warp: async (second) => clock.advance(durationMs(second * 1000 - clock.now())),
    setBlacklisted: async (owner, on) => chain.setBlacklisted(owner, on),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

chainCompliance('the fake chain', open)
disputeCompliance('the fake chain', open)
