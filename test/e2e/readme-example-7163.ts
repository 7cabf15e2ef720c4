import { openClient } from '@assay/sdk'
import { inputsFromFolder, saveOutputs } from '@assay/sdk/node'
export async function example({ aggregator, privateKey, image, folder, outputs }: { aggregator: string; privateKey: string; image: string; folder: string; outputs: string }) {
const client = await openClient({ aggregator, privateKey, spendingCapUsdc: '2.50' })
const job = await client.map({ image, command: ['wc', '-c', '{}'], inputs: inputsFromFolder(folder) })
for await (const event of job.events()) void(event.type, event.shard ?? '')
await saveOutputs(job, outputs)
const receipt = await job.receipt()
return receipt
}
