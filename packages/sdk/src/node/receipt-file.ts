import { readFile } from 'node:fs/promises'
import type { ReceiptAnchors } from '@assay/core'
import { openReceipt, type JobReceipt } from '../receipt.ts'
import { fileFault } from './file-faults.ts'
import { replaceFile } from './write-file.ts'

/** Writes a receipt as JSON; the file is replaced as a whole. Throws `config-invalid` for a path that cannot be written, `storage-full`. */
export async function writeReceipt(receipt: JobReceipt, path: string): Promise<void> {
  try {
    await replaceFile(path, `${receipt.encode()}\n`, 0o644)
  } catch (cause) {
    throw fileFault('config-invalid', 'the receipt cannot be written', path, cause)
  }
}

/** Reads a receipt file and judges it: see `openReceipt`. Throws `input-missing` when it cannot be read. */
export async function readReceipt(path: string, anchors: ReceiptAnchors = {}): Promise<JobReceipt> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw fileFault('input-missing', 'the receipt cannot be read', path, cause)
  })
  return openReceipt(text, anchors)
}
