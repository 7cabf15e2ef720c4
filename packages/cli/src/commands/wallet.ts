import { openChain, openWallet, createMemoryLog } from '@assay/chain'
import { createKeystore, openOperator } from '@assay/node-kit'
import { asAddress, asHash, formatUsdc, MarketError, type PrivateKey } from '@assay/protocol'
import { access } from 'node:fs/promises'
import type { Io } from '../io.ts'
import { findDevnet, keystorePath, operatorKey } from '../settings.ts'
import type { AddCommand } from './add-command.ts'

interface WalletFlags {
  readonly rpc?: readonly string[]
  readonly escrow?: string
  readonly json?: boolean
}

export const addWallet: AddCommand = (program, io) => {
  const wallet = program
    .command('wallet')
    .description('this machine’s operator key: make it, see what it holds, collect earnings')

  wallet
    .command('create')
    .description('make a key in an encrypted file; the passphrase comes from ASSAY_PASSPHRASE or ASSAY_PASSPHRASE_FILE')
    .option('--json', 'one JSON object')
    .action(async (flags: WalletFlags) => {
      const path = keystorePath(io)
      const passphrase = io.env['ASSAY_PASSPHRASE']
      if (passphrase === undefined)
        throw new MarketError('keystore-invalid', 'set ASSAY_PASSPHRASE to the passphrase of the new key', {
          details: { variable: 'ASSAY_PASSPHRASE' },
        })
      const { address } = openOperator(await createKeystore(path, passphrase))
      io.out(flags.json === true ? JSON.stringify({ address, keystore: path }) : `${address}\nkeystore ${path}`)
    })

  wallet
    .command('show')
    .description('address, USDC, stake, earnings and credit')
    .option('--rpc <url...>', 'RPC addresses (ASSAY_RPC_URLS)')
    .option('--escrow <address>', 'escrow contract (ASSAY_ESCROW)')
    .option('--json', 'one JSON object')
    .action(async (flags: WalletFlags) => {
      const { address } = openOperator(await walletKey(io))
      const market = await marketOf(io, flags)
      if (market === undefined) return io.out(flags.json === true ? JSON.stringify({ address }) : address)
      const { reader } = await openChain(market, io.signal)
      const operator = await reader.operator(address, io.signal)
      const shown = {
        address,
        usdc: formatUsdc(await reader.usdcBalance(address, io.signal)),
        stakeUsdc: operator === undefined ? undefined : formatUsdc(operator.stake),
        earningsUsdc: operator === undefined ? undefined : formatUsdc(await reader.earnings(operator.index, io.signal)),
        creditUsdc: formatUsdc(await reader.credit(address, io.signal)),
      }
      if (flags.json === true) return io.out(JSON.stringify(shown))
      for (const [name, value] of Object.entries(shown)) if (value !== undefined) io.out(`${name.padEnd(14)} ${value}`)
    })

  wallet
    .command('withdraw')
    .description('pay this operator’s earnings to its payout address')
    .option('--rpc <url...>', 'RPC addresses (ASSAY_RPC_URLS)')
    .option('--escrow <address>', 'escrow contract (ASSAY_ESCROW)')
    .option('--json', 'one JSON object')
    .action(async (flags: WalletFlags) => {
      const key = await walletKey(io)
      const market = await marketOf(io, flags)
      if (market === undefined)
        throw new MarketError('config-invalid', 'name a chain and an escrow', { details: { setting: 'rpc, escrow' } })
      const chain = await openChain(market, io.signal)
      const operator = await chain.reader.operator(openOperator(key).address, io.signal)
      if (operator === undefined)
        throw new MarketError('stake-insufficient', 'this key is not registered as an operator')
      const sent = await openWallet(chain, key, createMemoryLog()).withdrawEarnings(operator.index, io.signal)
      io.out(flags.json === true ? JSON.stringify(sent) : `withdrawn in ${sent.transactionHash}`)
    })
}

/** The own key when there is one, else the test key of a devnet that runs here. */
async function walletKey(io: Io) {
  const own =
    io.env['ASSAY_OPERATOR_KEY'] !== undefined ||
    (await access(keystorePath(io)).then(
      () => true,
      () => false,
    ))
  const devnet = own ? undefined : await findDevnet(io)
  return devnet === undefined ? operatorKey(io) : asHash<PrivateKey>(devnet.clientKey)
}

async function marketOf(io: Io, flags: WalletFlags) {
  const devnet = await findDevnet(io)
  const rpcUrls = flags.rpc ?? io.env['ASSAY_RPC_URLS']?.split(',') ?? (devnet && [devnet.rpcUrl])
  const escrow = flags.escrow ?? io.env['ASSAY_ESCROW'] ?? devnet?.escrow
  return rpcUrls === undefined || escrow === undefined ? undefined : { rpcUrls, escrow: asAddress(escrow), pollMs: 200 }
}
