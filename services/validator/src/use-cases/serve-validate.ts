import type { Peer, StreamHandler } from '@assay/core'
import {
  decodeFrame,
  encodeError,
  encodeFrame,
  protocols,
  toMarketError,
  ValidatorRequest,
  verdictOutcomes,
  type ValidatorReply,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { acknowledgeEpoch } from './acknowledge-epoch.ts'
import { certifyJob, openGate } from './certify-job.ts'
import { introduceOrder } from './introduce-order.ts'
import { keepCounters, keepRetraction } from './keep-claims.ts'
import { revealAudit } from './reveal-audit.ts'
import { runAudit } from './run-audit.ts'
import { signCertificate } from './sign-certificate.ts'
import { signRevocation } from './sign-revocation.ts'
import { signSettlement } from './sign-settlement.ts'
import { signValidatorVerdict } from './sign-validator-verdict.ts'
import { signVerdict } from './sign-verdict.ts'

/** One request and one reply a stream. It stays open as long as the answer takes; the deadline is the asker's. */
export function serveValidate(context: ValidatorContext): StreamHandler {
  return async (stream, remote, streamSignal) => {
    const signal = AbortSignal.any([streamSignal, context.closing])
    const frame = await stream.receive(signal)
    if (frame === undefined) return
    const reply = await answer(context, frame, remote, signal)
    await stream.send(encodeFrame(reply), signal)
    await stream.end()
  }
}

async function answer(
  context: ValidatorContext,
  frame: Uint8Array,
  remote: Peer,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  const { log } = context
  const from = remote.address
  try {
    const request = decodeFrame(ValidatorRequest, frame, protocols.validate)
    const reply = await dispatch(context, request, remote, signal)
    if (reply.type === 'refused') log.info({ from, details: reply.error.details }, 'epoch.refused')
    return reply
  } catch (cause) {
    signal.throwIfAborted()
    const error = toMarketError(cause)
    if (error.code === 'internal') log.error({ from, error: cause }, 'request.broken')
    else
      log.info(
        { from, code: error.code, reason: error.details['reason'], rule: error.details['rule'] },
        'request.refused',
      )
    return { type: 'error', error: encodeError(error) }
  }
}

async function dispatch(
  context: ValidatorContext,
  request: ValidatorRequest,
  remote: Peer,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  const from = remote.address
  switch (request.type) {
    case 'introduce':
      return introduceOrder(context, request, from, signal)
    case 'propose':
      return acknowledgeEpoch(context, request, from, signal)
    case 'audit':
      return runAudit(context, request, from, signal)
    case 'reveal':
      return revealAudit(context, request, from, signal)
    case 'judge':
      return request.verdict.outcome === verdictOutcomes.validatorFault
        ? signValidatorVerdict(context, request, from, signal)
        : signVerdict(context, request, from, signal)
    case 'certify':
      return certifyJob(context, request, from, signal)
    case 'certify-open':
      return openGate(context, request, from, signal)
    case 'certify-sign':
      return signCertificate(context, request, from, signal)
    case 'revoke':
      return signRevocation(context, request, from, signal)
    case 'settle':
      return signSettlement(context, request, from, signal)
    case 'counter':
      return keepCounters(context, request, remote, signal)
    case 'retract':
      return keepRetraction(context, request, signal)
  }
}
