import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { setImmediate as immediate } from 'node:timers/promises'
const MiB = 1024*1024
setFlagsFromString('--expose-gc'); const gc = runInNewContext('gc')
const mode = process.argv[2]
let got = 0
const server = createServer(async (req, res) => { for await (const p of req) { got += p.length; if (mode==='slow') await immediate() } res.end('ok') })
server.listen(0,'127.0.0.1'); await once(server,'listening')
let i=0
const stream = new ReadableStream({ async pull(c){ if(i++===100) return c.close(); if (process.argv[3]) await immediate(); c.enqueue(new Uint8Array(MiB).fill(i)); if(i%20===0){gc(); const m=process.memoryUsage(); console.log(i, Math.round(m.arrayBuffers/MiB), Math.round(m.heapUsed/MiB), Math.round(m.rss/MiB), 'server got', Math.round(got/MiB))} } }, {highWaterMark:0})
const r = await fetch(`http://127.0.0.1:${server.address().port}/`, {method:'PUT', body: stream, duplex:'half'})
console.log(r.status, await r.text()); server.close()
