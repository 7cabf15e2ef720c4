import type { Command } from 'commander'
import type { ExitCode } from '../exit-codes.ts'
import type { Io } from '../io.ts'

/** How a command joins the program. */
export type AddCommand = (program: Command, io: Io, setExit: (code: ExitCode) => void) => void

/** Options of every command that talks to a market. */
export const withMarketOptions = (command: Command): Command =>
  command
    .option(
      '--aggregator <url>',
      'HTTP address of an aggregator (ASSAY_AGGREGATOR); default: the devnet on this machine',
    )
    .option('--escrow <address>', 'escrow contract that you trust (ASSAY_ESCROW)')
    .option('--chain-id <number>', 'chain of that contract (ASSAY_CHAIN_ID)', Number)
    .option('--rpc <url...>', 'your own RPC addresses, so that nothing about money is taken on trust (ASSAY_RPC_URLS)')
    .option('--json', 'one JSON object on stdout instead of text')
