import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createMemoryLog, type TransactionLog } from '@assay/chain'
import { openDatabase } from '@assay/node-kit'
import { migrations } from './migrations.ts'
import { createTransactionLog } from './transactions.ts'

const signed = (nonce: number, name: string) => ({ nonce, raw: `0x02${name}`, hash: `0x${name}` }) as const
const intent = (key: string, data: `0x${string}` = '0x01') => ({ key, to: '0xaa', data }) as const

/** Every step an effect can take. */
function live(log: TransactionLog) {
  const seen: unknown[] = []
  const note = (): void =>
    void seen.push(
      ['a', 'b', 'c'].map((key) => log.find(key)),
      log.open(),
    )
  log.intend(intent('b'))
  log.intend(intent('a'))
  note()
  log.intend(intent('a', '0x02'))
  log.sign('a', signed(4, '0a'))
  log.sign('a', signed(4, '0b'))
  note()
  log.finish('b', 'failed')
  log.intend(intent('c'))
  log.sign('c', signed(5, '0c'))
  note()
  log.finish('a', 'confirmed', '0x0b')
  log.finish('c', 'failed', '0x0c')
  note()
  log.intend(intent('c', '0x03'))
  log.intend(intent('b', '0x04'))
  log.sign('c', signed(6, '0d'))
  note()
  return seen
}

it('remembers what the memory log remembers, in its order', async () => {
  await using database = openDatabase(':memory:', { migrations })
  const seen = live(createTransactionLog(database.reader))
  assert.deepEqual(seen, live(createMemoryLog()))
  assert.equal(seen.length, 10)
})

it('takes over the transactions of the first version, as signed or as confirmed', async () => {
  const [first, second] = migrations
  await using old = openDatabase(':memory:', { migrations: [first] })
  old.reader.run(`INSERT INTO transactions VALUES ('late', 8, '0x0208', '0x08', 0), ('done', 7, '0x0207', '0x07', 1)`)
  for (const statement of second.split(';').filter((sql) => sql.trim() !== '')) old.reader.run(statement)
  const log = createTransactionLog(old.reader)
  const bare = { to: '0x', data: '0x' }
  assert.deepEqual(log.find('done'), {
    ...bare,
    key: 'done',
    state: 'confirmed',
    mined: '0x07',
    signed: [signed(7, '07')],
  })
  assert.deepEqual(log.open(), [{ ...bare, key: 'late', state: 'signed', mined: undefined, signed: [signed(8, '08')] }])
})
