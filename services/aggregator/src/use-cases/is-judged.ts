import type { JobRow } from '../store/records.ts'

/** Whether a quorum judges and settles the job; class DX names none, and its client settles it. */
export const isJudged = ({ terms }: Pick<JobRow, 'terms'>): boolean => terms.quorumId !== 0
