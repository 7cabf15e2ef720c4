/** Every failure that crosses a boundary: one row a code, one heading a code in docs/errors.md. */
import type { Blame } from './blame.ts'

/** The part of a job's life in which a failure arose. */
export type Stage =
  | 'start'
  | 'request'
  | 'spec'
  | 'gate'
  | 'quote'
  | 'fund'
  | 'job'
  | 'transfer'
  | 'dispatch'
  | 'execute'
  | 'commit'
  | 'epoch'
  | 'sample'
  | 'audit'
  | 'settle'
  | 'receipt'
  | 'store'
  | 'internal'

export interface ErrorRow {
  readonly status: number
  /** Whether the same call can succeed later without change. */
  readonly retryable: boolean
  readonly stage: Stage
  /** Default blame; a thrower that knows better says so. */
  readonly blame: Blame
  /** What the reader should do now. */
  readonly next: string
}

// oxlint-disable-next-line max-params -- one short call a row reads as the table it is
const row = (status: number, retryable: boolean, stage: Stage, blame: Blame, next: string): ErrorRow => ({
  status,
  retryable,
  stage,
  blame,
  next,
})

/** Codes are permanent. Match on them, never on message text. */
export const errorTable = {
  'spec-invalid': row(400, false, 'spec', 'client', 'Correct the field that the details name and submit again.'),
  'image-unknown': row(
    422,
    false,
    'spec',
    'client',
    "Pull or load the image on a provider's engine, or name one that it can pull by digest.",
  ),
  'certify-refused': row(
    409,
    false,
    'gate',
    'aggregator',
    'Read the reason in the details; ask again with a fresh quote and your own signature.',
  ),
  'certify-incomplete': row(503, true, 'gate', 'validator', 'Ask again later with a fresh quote.'),
  'certificate-refused': row(
    422,
    false,
    'gate',
    'client',
    'Mend what the details name, see `assay check`, or run without a certificate.',
  ),
  'certificate-unknown': row(404, false, 'gate', 'client', 'Check the id, or certify the job: `assay certify`.'),
  'certificate-invalid': row(422, false, 'gate', 'aggregator', 'Do not rely on it; the details name the fault.'),
  'certificate-revoked': row(
    409,
    false,
    'gate',
    'client',
    'Make the program reproducible; a changed program can be certified again.',
  ),
  'image-digest-mismatch': row(
    422,
    false,
    'spec',
    'client',
    'Take the digest from `docker image inspect` and submit again.',
  ),
  'image-refused': row(
    422,
    false,
    'spec',
    'client',
    "Choose an image without volumes and within the provider's size limit.",
  ),
  'input-missing': row(422, false, 'spec', 'client', 'Check the input path and run again.'),
  'input-too-large': row(413, false, 'spec', 'client', 'Split the input into smaller shards.'),
  'cap-exceeded': row(402, false, 'quote', 'client', 'Raise the spending cap or shrink the job; nothing was paid.'),
  'budget-too-small': row(
    402,
    false,
    'quote',
    'client',
    'Raise the price per shard to at least what the details name.',
  ),
  'balance-insufficient': row(
    402,
    false,
    'fund',
    'client',
    'Send USDC to the wallet that the details name, then run again.',
  ),
  'allowance-insufficient': row(
    402,
    false,
    'fund',
    'client',
    'Approve the amount and run again, or pay by authorisation.',
  ),
  'gas-insufficient': row(
    402,
    true,
    'fund',
    'client',
    "Send the chain's coin to the account in the details; it pays for gas only.",
  ),
  'authorization-invalid': row(
    409,
    false,
    'fund',
    'client',
    'Ask for a new quote and sign again, or fund by a transfer.',
  ),
  'account-blocked': row(
    403,
    false,
    'fund',
    'client',
    "Use another account; only the token's issuer unblocks this one.",
  ),
  'token-refused': row(503, true, 'fund', 'network', 'Wait until the token moves money again; nothing was taken.'),
  'token-mismatch': row(
    409,
    false,
    'fund',
    'client',
    'Do not pay: the token is not the USDC that was expected. The details name what differs.',
  ),
  'intake-stopped': row(
    503,
    true,
    'fund',
    'network',
    'Wait until the time in the details; refunds, exits, settlements and withdrawals go on meanwhile.',
  ),
  'deposit-incomplete': row(402, true, 'fund', 'client', 'Send the missing amount to the deposit address.'),
  'chain-mismatch': row(409, false, 'fund', 'client', 'Point the client at the chain that the market uses.'),
  'no-providers': row(
    503,
    true,
    'quote',
    'network',
    'Wait for providers with the needed capability, or relax the requirements.',
  ),
  'no-quorum': row(503, true, 'quote', 'network', 'Wait until enough validators of the quorum are online.'),
  'quorum-unknown': row(404, false, 'quote', 'client', 'Name a quorum that exists; the market tells which it uses.'),
  'quorum-invalid': row(
    422,
    false,
    'quote',
    'client',
    'Name staked validators in ascending order, a majority as threshold, and a larger quorum for appeals.',
  ),
  'quote-unknown': row(404, false, 'quote', 'client', 'Ask for a new quote.'),
  'quote-expired': row(410, false, 'quote', 'client', 'Ask for a new quote; nothing was paid.'),
  'terms-mismatch': row(409, false, 'fund', 'client', 'Sign exactly the terms of the quote.'),
  'terms-invalid': row(400, false, 'fund', 'client', 'Correct what the details name, or ask for a new quote.'),
  'order-not-funded': row(402, true, 'fund', 'client', 'Fund the order on chain, then submit the job again.'),
  'order-exists': row(409, false, 'fund', 'client', 'The terms were used before; ask for a new quote.'),
  'job-unknown': row(404, false, 'job', 'client', "Check the job id and the aggregator's address."),
  'job-state': row(
    409,
    false,
    'job',
    'client',
    'The job is past the state in which this is possible; see `assay job show`.',
  ),
  'job-incomplete': row(
    424,
    false,
    'job',
    'provider',
    'Some shards failed; they are refunded. See `assay job explain`.',
  ),
  cancelled: row(499, false, 'job', 'client', 'Nothing to do: the caller cancelled.'),
  'deadline-passed': row(
    504,
    false,
    'job',
    'network',
    'Anyone can call refund after refundAt; the money returns to the client.',
  ),
  unauthorized: row(401, false, 'request', 'client', 'Sign the request with the operator key that owns the resource.'),
  'signature-invalid': row(
    400,
    false,
    'request',
    'client',
    'Sign the exact bytes with the key that the message names.',
  ),
  'message-malformed': row(400, false, 'request', 'client', 'Send the shape that SPEC.md gives for this message.'),
  'message-too-large': row(413, false, 'request', 'client', 'Stay within the bound that SPEC.md gives.'),
  'message-replayed': row(409, false, 'request', 'client', 'Use a fresh nonce and time.'),
  'rate-limited': row(429, true, 'request', 'client', 'Wait as long as the details say.'),
  'blob-unknown': row(404, true, 'transfer', 'client', 'Upload the blob first, or ask another peer.'),
  'blob-mismatch': row(422, true, 'transfer', 'provider', 'Fetch the blob again from another peer.'),
  'blob-too-large': row(413, false, 'transfer', 'client', 'Stay within the size that the reference names.'),
  'storage-full': row(507, true, 'transfer', 'provider', "Free disk space or raise the store's byte cap."),
  'peer-unreachable': row(
    502,
    true,
    'dispatch',
    'network',
    "Another peer is tried; check the peer's addresses if it is yours.",
  ),
  'protocol-unsupported': row(502, false, 'dispatch', 'network', 'Upgrade the peer: it does not speak this protocol.'),
  'stream-closed': row(502, true, 'dispatch', 'network', 'The operation is tried again on a new stream.'),
  'advert-invalid': row(422, false, 'dispatch', 'provider', 'Fix the advert: signature, expiry or stake do not hold.'),
  'stake-insufficient': row(403, false, 'dispatch', 'provider', 'Add stake; exposure may not exceed half of it.'),
  'stake-held': row(409, true, 'dispatch', 'provider', 'Wait until the disputes that hold the stake are decided.'),
  'operator-unknown': row(
    404,
    false,
    'dispatch',
    'provider',
    'Register the operator first, with roles and payout address.',
  ),
  'operator-exists': row(
    409,
    false,
    'dispatch',
    'provider',
    'Nothing to do: it is registered; change its profile instead.',
  ),
  'operator-invalid': row(400, false, 'dispatch', 'provider', 'Name at least one role, and a payout address.'),
  'lease-declined': row(409, true, 'dispatch', 'provider', 'Another provider is asked.'),
  'lease-invalid': row(422, false, 'dispatch', 'aggregator', 'Offer a lease that matches the funded order.'),
  'attempt-timeout': row(504, true, 'execute', 'provider', 'The shard goes to another provider.'),
  'attempt-exit-nonzero': row(
    422,
    true,
    'execute',
    'client',
    'Read the stderr tail; run the command locally with `assay check`.',
  ),
  'attempt-time-limit': row(422, true, 'execute', 'client', "Raise the shard's time limit or shrink the shard."),
  'attempt-memory-limit': row(422, true, 'execute', 'client', 'Raise the memory limit.'),
  'attempt-pids-limit': row(422, true, 'execute', 'client', 'Raise the process limit.'),
  'attempt-disk-limit': row(422, true, 'execute', 'client', 'Raise the disk limit.'),
  'attempt-output-limit': row(422, true, 'execute', 'client', 'Print or write less, or raise the output limit.'),
  'attempt-output-invalid': row(
    422,
    true,
    'execute',
    'client',
    'Write only regular files and directories with clean names to /out.',
  ),
  'attempt-command-invalid': row(422, false, 'execute', 'client', 'Name a program that exists in the image.'),
  'attempt-engine-fault': row(
    502,
    true,
    'execute',
    'provider',
    'The shard goes to another provider; check the engine if it is yours.',
  ),
  'provider-gone': row(502, true, 'execute', 'provider', 'The shard goes to another provider.'),
  'docker-unavailable': row(
    503,
    true,
    'execute',
    'provider',
    'Install and start a Docker engine: `apt-get install docker.io` or see docs.docker.com.',
  ),
  'docker-permission': row(
    503,
    false,
    'execute',
    'provider',
    'Add this user to the docker group (it is root-equivalent) or set DOCKER_HOST.',
  ),
  'commit-invalid': row(422, false, 'commit', 'provider', 'Sign a commit that matches the lease; the attempt is void.'),
  'challenge-refused': row(
    409,
    true,
    'audit',
    'client',
    'Read the reason in the details: wait for the commit to be decided or settled, or buy a larger audit budget.',
  ),
  'counter-refused': row(
    409,
    true,
    'commit',
    'provider',
    'Read the reason in the details: a counter-commit must carry its lease, come in time and bring its sealed bytes.',
  ),
  'commit-retracted': row(410, false, 'commit', 'provider', 'Nothing: the provider took its commit back, unpaid.'),
  'retract-late': row(409, false, 'commit', 'provider', 'Nothing: the epoch has closed, so the commit stands.'),
  'sealed-invalid': row(
    422,
    false,
    'commit',
    'provider',
    'Deliver the sealed bytes that the commit names; without them there is no payment.',
  ),
  'opening-invalid': row(
    422,
    false,
    'audit',
    'provider',
    'Open the commit with the root and salt that it hashes to; otherwise it is a conviction.',
  ),
  'epoch-refused': row(
    409,
    true,
    'epoch',
    'aggregator',
    'Propose the epoch again with the audit rates that the validator asks for.',
  ),
  'acknowledgement-missing': row(503, true, 'epoch', 'validator', 'The epoch is proposed again with full audits.'),
  'beacon-unavailable': row(503, true, 'sample', 'network', 'The market waits; nothing unsampled is released.'),
  'beacon-invalid': row(502, true, 'sample', 'network', 'Ask another beacon relay; this one served a wrong signature.'),
  'result-mismatch': row(
    409,
    true,
    'audit',
    'provider',
    'The shard goes to another provider; the convicted one loses stake and earns nothing for it.',
  ),
  'result-nondeterministic': row(
    422,
    false,
    'audit',
    'client',
    'Run `assay check` to see which file and byte differ; the money for the shard comes back.',
  ),
  'audit-refused': row(409, true, 'audit', 'validator', 'An alternate is asked.'),
  'audit-missing': row(504, true, 'audit', 'validator', 'An alternate is asked; the no-show loses its fee.'),
  'settlement-refused': row(
    409,
    true,
    'settle',
    'aggregator',
    'Rebuild the settlement from the evidence that the validator names.',
  ),
  'settlement-unsigned': row(
    503,
    true,
    'settle',
    'validator',
    'Wait for a quorum; after refundAt anyone can refund the client.',
  ),
  'result-unaccepted': row(
    409,
    false,
    'settle',
    'client',
    'Nothing to do: the client did not accept this result, and pays nothing for it.',
  ),
  'batch-invalid': row(422, false, 'settle', 'aggregator', 'Rebuild the settlement; the details name the broken rule.'),
  'verdict-invalid': row(422, false, 'settle', 'validator', 'Correct verdict or evidence; the details name the rule.'),
  'verdict-exists': row(409, false, 'settle', 'network', 'Nothing to do: it is recorded; read its state on chain.'),
  'verdict-unknown': row(404, false, 'settle', 'network', 'Submit the verdict first, or check its id.'),
  'appeal-pending': row(409, true, 'settle', 'network', 'Wait for the ruling of the appeal quorum, then finalise.'),
  'slash-limit': row(503, true, 'settle', 'network', 'Finalise again at the time in the details.'),
  'too-early': row(425, true, 'settle', 'client', 'Call again at the time that the details name.'),
  'nothing-due': row(409, false, 'settle', 'client', 'Nothing to do: nothing is there to pay out or to change.'),
  'transaction-reverted': row(502, false, 'settle', 'aggregator', 'Read the revert reason in the details.'),
  'transaction-unconfirmed': row(
    504,
    true,
    'settle',
    'network',
    'It is sent again with the same nonce; nothing is paid twice.',
  ),
  'fee-over-cap': row(503, true, 'settle', 'network', 'Wait until gas is cheaper, or raise the fee cap.'),
  'rpc-unavailable': row(503, true, 'settle', 'network', 'Check the RPC address; the market waits.'),
  'receipt-invalid': row(
    422,
    false,
    'receipt',
    'aggregator',
    'Do not trust the results; the details name the first check that failed.',
  ),
  'result-invalid': row(
    422,
    false,
    'receipt',
    'provider',
    'The sealed result does not open to its commit; do not use it.',
  ),
  'config-invalid': row(400, false, 'start', 'client', 'Correct the setting that the details name.'),
  'keystore-invalid': row(400, false, 'start', 'client', 'Check the keystore file and its passphrase.'),
  'strategy-invalid': row(
    400,
    false,
    'start',
    'client',
    'Name a villain of the catalogue, or correct what the file exports as `strategy`.',
  ),
  'state-conflict': row(409, true, 'store', 'aggregator', 'Read the record again and retry.'),
  'market-unreachable': row(503, true, 'request', 'network', "Check the aggregator's address and that it runs."),
  internal: row(500, false, 'internal', 'aggregator', 'Report it: this is our bug. No money moved.'),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errorTable
export const errorCodes: readonly ErrorCode[] = Object.keys(errorTable).filter(isErrorCode)

function isErrorCode(text: string): text is ErrorCode {
  return text in errorTable
}
