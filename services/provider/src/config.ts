/** Settings of a provider that runs by itself. Each comes from a file, from `ASSAY_<NAME>` or from a flag. */
import {
  addressSchema,
  byteCount,
  byteCountSchema,
  DeterminismClass,
  milliCpusSchema,
  parseUsdc,
  usdc,
  type UsdcBase,
} from '@assay/protocol'
import { z } from 'zod'

const gibibyte = 2 ** 30

const amount = z.string().transform((text, context): UsdcBase => {
  const base = parseUsdc(text)
  if (base !== undefined) return base
  context.addIssue({ code: 'custom', message: 'not an amount of USDC, such as 0.01' })
  return usdc(0n)
})

export const ProviderConfig = z.strictObject({
  rpcUrls: z.array(z.url()).min(1).max(8).describe('RPC addresses of the chain, tried in this order'),
  escrow: addressSchema.describe('escrow contract of the market'),
  chainId: z.int().min(1).optional().describe('refuses to start on another chain'),
  beacon: z.url().optional().describe('drand chain address of a beacon; quicknet unless given'),
  listen: z.array(z.string()).max(16).default(['/ip4/0.0.0.0/tcp/4001']).describe('multiaddrs to listen at'),
  bootstrap: z.array(z.string()).max(64).default([]).describe('multiaddrs of nodes to join the market by'),
  privateNetwork: z.boolean().default(false).describe('spread private and loopback addresses: a LAN, one machine'),
  dataDir: z.string().min(1).describe('folder of database and blobs'),
  keystore: z.string().min(1).describe('encrypted file of the operator key'),
  blobBytes: byteCountSchema.default(byteCount(20 * gibibyte)).describe('most disk for blobs'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  statusPort: z.int().min(0).max(65_535).optional().describe('serves /healthz and /v1/status on 127.0.0.1'),
  slots: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('shards at the same time; as many as the engine has cores unless given'),
  minPriceUsdc: amount.default(usdc(1_000n)).describe('least price of a shard, in USDC'),
  classes: z.array(DeterminismClass).default(['D1', 'D2']).describe('determinism classes taken'),
  cpus: milliCpusSchema.optional().describe('most of one shard, in thousandths of a core'),
  memoryBytes: byteCountSchema.optional().describe('most memory of one shard'),
  inputBytes: byteCountSchema.default(byteCount(4 * gibibyte)).describe('most input of one shard'),
})
export type ProviderConfig = z.infer<typeof ProviderConfig>
