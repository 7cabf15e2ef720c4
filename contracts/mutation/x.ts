import { globSync, readFileSync } from 'node:fs'
import { openCompiler } from './compile-mutant.ts'
import { openJudge } from './judge-mutants.ts'
import { listMutants } from './list-mutants.ts'
const sources = new Map(globSync('src/**/*.sol').toSorted().map((f) => [f, readFileSync(f, 'utf8')]))
const compiler = openCompiler()
const all = listMutants(new Map([...sources].filter(([f]) => /^src\/(libraries\/)?[^/]+\.sol$/.test(f))), compiler.compile)
await using judge = await openJudge(compiler, sources, { workers: 2, remembered: {} })
const want = all.filter((m) => m.key.includes('WiredApart') && m.operator === 'deletion' || m.where === 'QuorumLib.requireSigned' && m.operator === 'arithmetic' || m.where==='Escrow._chargeAll' && m.before === '++')
await Promise.all([0, 1].map(async (w) => { for (let i = w; i < want.length; i += 2) { const r = await judge.judge(want[i]); console.log(want[i].key.slice(0, 120), r.verdict, r.by, r.seconds.toFixed(0)) } }))
console.log(judge.leftOut())
