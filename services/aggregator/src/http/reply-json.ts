import { toJson } from '@assay/protocol'

/** A JSON response in wire form: bigints as decimal strings. */
export const replyJson = (value: unknown, status = 200): Response => Response.json(toJson(value), { status })
