import test from 'node:test'
import { openScene, anyImage, textInputs } from '../test/fixture/open-scene.ts'
import { collectFiles } from './index.ts'
test('happy', async () => {
  await using scene = await openScene()
  const job = await scene.client.map({ image: anyImage, command: ['wc','-c','{}'], inputs: textInputs({ a: 'hello', b: 'hello world' }), onProgress: (p) => console.log(p.stage) })
  for await (const e of job.events()) console.log(e.seq, e.type, e.shard)
  const r = await job.receipt()
  console.log(r.chargedUsdc, r.accepted, r.report.checks.map(c=>`${c.name}:${c.status}`).join(' '))
  for await (const o of job.results()) console.log(o.name, await collectFiles(o))
  console.log(await job.explain())
})
