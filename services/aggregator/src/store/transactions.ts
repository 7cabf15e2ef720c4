import type { LoggedEffect, TransactionLog } from '@assay/chain'
import { asc, eq, inArray } from 'drizzle-orm'
import { asEffectState, asHex } from './codec-schema.ts'
import type { StoreDatabase } from './open-store.ts'
import { effects, signedTransactions } from './schema.ts'

/** What the hot wallet intends, signed and finished. Each call is durable when it returns. */
export function createTransactionLog(db: StoreDatabase): TransactionLog {
  const toEffect = ({ key, target, data, state, mined }: typeof effects.$inferSelect): LoggedEffect => ({
    key,
    to: asHex(target),
    data: asHex(data),
    state: asEffectState(state),
    mined: mined === null ? undefined : asHex(mined),
    signed: db
      .select()
      .from(signedTransactions)
      .where(eq(signedTransactions.key, key))
      .orderBy(asc(signedTransactions.seq))
      .all()
      .map(({ nonce, raw, hash }) => ({ nonce, raw: asHex(raw), hash: asHex(hash) })),
  })
  return {
    find(key) {
      const row = db.select().from(effects).where(eq(effects.key, key)).get()
      return row && toEffect(row)
    },
    open: () =>
      db
        .select()
        .from(effects)
        .where(inArray(effects.state, ['intended', 'signed']))
        .orderBy(asc(effects.seq))
        .all()
        .map(toEffect),
    intend({ key, to: target, data }) {
      const row = { target, data, state: 'intended', mined: null }
      db.insert(effects)
        .values({ key, ...row })
        .onConflictDoUpdate({ target: effects.key, set: row })
        .run()
    },
    sign: (key, { nonce, raw, hash }) =>
      db.transaction(
        () => {
          db.insert(signedTransactions).values({ key, nonce, raw, hash }).run()
          db.update(effects).set({ state: 'signed' }).where(eq(effects.key, key)).run()
        },
        { behavior: 'immediate' },
      ),
    finish: (key, state, mined) =>
      void db
        .update(effects)
        .set({ state, mined: mined ?? null })
        .where(eq(effects.key, key))
        .run(),
  }
}
