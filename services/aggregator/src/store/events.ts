import { JobEvent, type OrderId, type UnixMs } from '@assay/protocol'
import { and, asc, eq, gt, sql } from 'drizzle-orm'
import { aggregatorLimits } from '../limits.ts'
import { read, write } from './codec-schema.ts'
import type { StoreDatabase } from './open-store.ts'
import { events } from './schema.ts'

/** What happened to a job, in order, for as many readers as like. */
export interface EventsStore {
  /** Numbers and stores an event. Past the limit of a job it is dropped: events inform, records decide. */
  addEvent(orderId: OrderId, atMs: UnixMs, event: Omit<JobEvent, 'seq' | 'atMs'>): JobEvent | undefined
  eventsAfter(orderId: OrderId, seq: number, limit: number): readonly JobEvent[]
}

export function createEventsStore(db: StoreDatabase): EventsStore {
  return {
    addEvent(orderId, atMs, event) {
      const last = db
        .select({ seq: sql<number>`coalesce(max(${events.seq}), 0)` })
        .from(events)
        .where(eq(events.orderId, orderId))
        .get()
      const seq = (last?.seq ?? 0) + 1
      if (seq > aggregatorLimits.eventsPerJob) return undefined
      const full = { ...event, seq, atMs }
      db.insert(events)
        .values({ orderId, seq, event: write(full) })
        .run()
      return full
    },
    eventsAfter: (orderId, seq, limit) =>
      db
        .select()
        .from(events)
        .where(and(eq(events.orderId, orderId), gt(events.seq, seq)))
        .orderBy(asc(events.seq))
        .limit(limit)
        .all()
        .map((row) => read(JobEvent, row.event)),
  }
}
