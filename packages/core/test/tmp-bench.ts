import { buildEvidence, buildReceipt, createEvidenceCast } from '@assay/testkit'
import { judgeEvidence, verifyReceipt } from '../src/index.ts'
import { toJson } from '@assay/protocol'
for (const n of [16, 256, 2048]) {
  const cast = createEvidenceCast({ shards: n, providers: 16, validators: 7, label: `n${n}` })
  const epochs = []
  for (let at = 0; at < n; at += 256) epochs.push({ attempts: Array.from({ length: Math.min(256, n - at) }, (_, i) => ({ shard: at + i, provider: i % 16, sampled: i % 20 === 0, ratePpm: i % 20 === 0 ? 1_000_000 : 10_000 })) })
  let t = performance.now()
  // the wanted draw is improbable at 1 % for 256 leaves: sample everything unsampled at rate 1 ppm above nothing is refused, so try
  const e = await buildEvidence(cast, { epochs }).catch((x) => { console.log(String(x)); return undefined })
  if (!e) continue
  console.log(n, 'build', Math.round(performance.now() - t), 'json', JSON.stringify(toJson(e)).length)
  for (let r = 0; r < 2; r++) { t = performance.now(); const j = judgeEvidence(e); console.log(n, 'judge ms', Math.round(performance.now() - t), j.ok, j.ok ? e.audits.length : j) }
  const rec = buildReceipt(cast, e)
  t = performance.now(); console.log(verifyReceipt(rec).ok, Math.round(performance.now() - t))
}
