import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { anyImage, openScene } from './fixture/open-scene.ts'
const MiB = 1024*1024
setFlagsFromString('--expose-gc'); const gc = runInNewContext('gc')
const scene = await openScene()
let pass=0
const open = async function*(){ pass++; for (let i=0;i<100;i++){ yield new Uint8Array(MiB).fill(i); if(i%20===0){gc(); const m=process.memoryUsage(); console.log('pass',pass,i, Math.round(m.arrayBuffers/MiB), Math.round(m.heapUsed/MiB), Math.round(m.rss/MiB))} } }
const job = await scene.client.map({ image: anyImage, command: ['x'], inputs: [{name:'l', files:[{path:'l', open}]}] })
gc(); console.log(process.memoryUsage())
await scene[Symbol.asyncDispose]()
