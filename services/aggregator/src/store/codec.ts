/** JSON columns: written canonically enough to compare, parsed by the schema that owns the shape. */
import { MarketError, toJson } from '@assay/protocol'
import type { z } from 'zod'

export const write = (value: unknown): string => JSON.stringify(toJson(value))
export const writeOptional = (value: unknown): string | null => (value === undefined ? null : write(value))

export const read = <S extends z.ZodType>(schema: S, text: string): z.output<S> => schema.parse(JSON.parse(text))
export const readOptional = <S extends z.ZodType>(schema: S, text: string | null): z.output<S> | undefined =>
  text === null ? undefined : read(schema, text)

/** A compare-and-set that met another revision. */
export const conflict = (what: string, key: string): MarketError =>
  new MarketError('state-conflict', `${what} ${key} changed meanwhile`, { details: { what, key } })
