/** One action on the model: who may call what, and which rule answers. */
import { type Hex, concatHex, numberToHex } from 'viem'

import type { Action, CallName, Calls } from '../support/actions.ts'
import { askDepositAddress, flush, fundFromDepositAddress, sweepToClient } from './deposits.ts'
import { appeal, finalizeVerdict, submitRuling, withdrawShare } from './disputes.ts'
import { resumeIntake, stopIntake } from './intake.ts'
import { withdrawCredit, withdrawEarnings } from './ledger.ts'
import type { Done, Market } from './market.ts'
import { fund, fundMany, fundOne, fundWithAuthorization, refund, settle, settleByClient } from './orders.ts'
import {
  proveConflictingAudits,
  proveConflictingBatches,
  proveEquivocation,
  submitValidatorVerdict,
  submitVerdict,
} from './proofs.ts'
import { createQuorum, verify } from './quorums.ts'
import { Revert } from './revert.ts'
import * as stakes from './stakes.ts'
import { finishTabExit, startTabExit, topUpTab, topUpTabWithAuthorization } from './tabs.ts'
import * as token from './token.ts'

/** What an action comes to. */
export type Outcome =
  | { readonly market: Market; readonly answer: unknown; readonly revert?: never }
  | { readonly market: Market; readonly revert: Revert }

/** The market's answer to an action. A call that refuses leaves nothing but the time behind. */
export type ApplyAction = (market: Market, action: Action) => Outcome

/** By the rules as documented. */
export function applyAction(before: Market, action: Action): Outcome {
  const market = { ...before, now: action.at }
  try {
    const done = perform(market, action)
    return { market: done.market, answer: done.answer }
  } catch (error) {
    if (error instanceof Revert) return { market, revert: error }
    throw error
  }
}

type Rules = { readonly [K in CallName]: (market: Market, caller: Hex, args: Calls[K]) => Done }

const rules: Rules = {
  'escrow.fund': (market, caller, [terms]) => fund(market, caller, terms),
  'escrow.fundWithAuthorization': (market, _, [terms, validAfter, validBefore, signature]) =>
    fundWithAuthorization(market, { terms, validAfter, validBefore, signature }),
  'escrow.fundMany': (market, _, [fundings]) => fundMany(market, fundings),
  'escrow.fundOne': (_, caller) => fundOne(caller),
  'escrow.fundFromDepositAddress': (market, _, [terms]) => fundFromDepositAddress(market, terms),
  'escrow.sweepToClient': (market, caller, [terms, sweptToken]) => sweepToClient(market, caller, terms, sweptToken),
  'escrow.depositAddressOf': (market, _, [terms]) => askDepositAddress(market, terms),
  'escrow.settle': (market, _, [batch, signatures]) => settle(market, batch, signatures),
  'escrow.settleByClient': (market, _, [terms, payouts, fee, resultsRoot, signature]) =>
    settleByClient(market, terms, { payouts, fee, resultsRoot }, signature),
  'escrow.refund': (market, _, [terms]) => refund(market, terms),
  'escrow.withdrawEarnings': (market, _, [index]) => withdrawEarnings(market, index),
  'escrow.withdrawCredit': (market, caller, [to]) => withdrawCredit(market, caller, to),
  'escrow.topUpTab': (market, caller, [client, aggregator, amount]) =>
    topUpTab(market, caller, { client, aggregator, amount }),
  'escrow.topUpTabWithAuthorization': (market, _, args) => {
    const [client, aggregator, amount, validAfter, validBefore, salt, signature] = args
    return topUpTabWithAuthorization(market, {
      client,
      aggregator,
      amount,
      validAfter,
      validBefore,
      salt,
      signature,
    })
  },
  'escrow.startTabExit': (market, caller, [aggregator, amount]) => startTabExit(market, caller, aggregator, amount),
  'escrow.finishTabExit': (market, _, [client, aggregator]) => finishTabExit(market, client, aggregator),
  'escrow.stopIntake': (market, caller) => stopIntake(market, 'escrow', caller),
  'escrow.resumeIntake': (market, caller) => resumeIntake(market, 'escrow', caller),
  'stakes.register': (market, caller, [payout, roles]) => stakes.register(market, caller, payout, roles),
  'stakes.updateProfile': (market, caller, [roles]) => stakes.updateProfile(market, caller, roles),
  'stakes.stake': (market, caller, [amount]) => stakes.stake(market, caller, amount),
  'stakes.stakeWithAuthorization': (market, _, [operator, amount, validAfter, validBefore, nonce, signature]) =>
    stakes.stakeWithAuthorization(market, { operator, amount, validAfter, validBefore, nonce, signature }),
  'stakes.requestUnbond': (market, caller, [amount]) => stakes.requestUnbond(market, caller, amount),
  'stakes.cancelUnbond': (market, caller) => stakes.cancelUnbond(market, caller),
  'stakes.finishUnbond': (market, caller, [to]) => stakes.finishUnbond(market, caller, to),
  'stakes.requestPayoutChange': (market, caller, [payout]) => stakes.requestPayoutChange(market, caller, payout),
  'stakes.cancelPayoutChange': (market, caller, [operator]) => stakes.cancelPayoutChange(market, caller, operator),
  'stakes.finishPayoutChange': (market, _, [operator]) => stakes.finishPayoutChange(market, operator),
  'stakes.hold': (_, caller) => stakes.outsider(caller),
  'stakes.release': (_, caller) => stakes.outsider(caller),
  'stakes.slash': (_, caller) => stakes.outsider(caller),
  'stakes.stopIntake': (market, caller) => stopIntake(market, 'stakes', caller),
  'stakes.resumeIntake': (market, caller) => resumeIntake(market, 'stakes', caller),
  'quorums.createQuorum': (market, _, [members, threshold, appealId]) =>
    createQuorum(market, members, threshold, appealId),
  'quorums.verify': (market, _, [id, digest, signatures]) => verify(market, id, digest, signatures),
  'disputes.submitVerdict': (market, _, [verdict, terms, proof, signatures]) =>
    submitVerdict(market, { verdict, terms, proof, signatures }),
  'disputes.submitValidatorVerdict': (market, _, [verdict, terms, proof, signatures]) =>
    submitValidatorVerdict(market, { verdict, terms, proof, signatures }),
  'disputes.appeal': (market, caller, [verdictId]) => appeal(market, caller, verdictId),
  'disputes.submitRuling': (market, _, [verdictId, guilty, evidence, signatures]) =>
    submitRuling(market, verdictId, { guilty, evidence }, signatures),
  'disputes.finalizeVerdict': (market, _, [verdictId]) => finalizeVerdict(market, verdictId),
  'disputes.proveEquivocation': (market, _, [proof, terms, reporter]) =>
    proveEquivocation(market, proof, terms, reporter),
  'disputes.proveConflictingAudits': (market, _, [proof, terms, reporter]) =>
    proveConflictingAudits(market, proof, terms, reporter),
  'disputes.proveConflictingBatches': (market, _, [validator, first, second, terms, reporter]) =>
    proveConflictingBatches(market, validator, [first, second], { terms, reporter }),
  'disputes.withdrawCredit': (market, caller, [to]) => withdrawShare(market, caller, to),
  'token.transfer': (market, caller, [to, amount]) => token.transfer(market, caller, to, amount),
  'token.approve': (market, caller, [spender, amount]) => token.approve(market, caller, spender, amount),
  'token.cancelAuthorization': (market, _, [authorizer, nonce, v, r, s]) =>
    token.cancelAuthorization(market, authorizer, nonce, concatHex([r, s, numberToHex(v, { size: 1 })])),
  'token.mint': (market, _, [to, amount]) => token.mint(market, to, amount),
  'token.setPaused': (market, _, [on]) => token.setPaused(market, on),
  'token.setBlacklisted': (market, _, [account, on]) => token.setBlacklisted(market, account, on),
  'otherToken.mint': (market, _, [to, amount]) => token.mintOther(market, to, amount),
  'otherToken.transfer': (market, caller, [to, amount]) => token.transferOther(market, caller, to, amount),
  'account.flush': (market, caller, [account]) => flush(market, caller, account),
}

/** Every call that the model knows. */
export const CALL_NAMES = Object.keys(rules) as readonly CallName[]

function perform<K extends CallName>(market: Market, { call, caller, args }: Action<K>): Done {
  const rule = rules[call] as (market: Market, caller: Hex, values: unknown) => Done
  return rule(market, caller, args)
}
