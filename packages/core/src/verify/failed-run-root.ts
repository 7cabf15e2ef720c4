import { asHash, keccakText, type ResultRoot } from '@assay/protocol'

/**
 * What a validator attests when its re-run fails: keccak256("assay/failed-run/1"). An honest failure is an answer too.
 * A provider that opens to it has no result, whatever the validators found.
 */
export const failedRunRoot: ResultRoot = asHash(keccakText('assay/failed-run/1'))
