import { playableVillains } from '@assay/devnet/villains'
import { villains } from '@assay/villains'
import type { Io } from '../io.ts'

/** Prints the catalogue: one paragraph a villain, or with `json` one object, keyed by name. */
export function listVillains(io: Io, json: boolean): void {
  const entries = Object.entries(villains).map(([name, villain]) => ({
    name,
    ...villain,
    inDevnet: playableVillains.some((playable) => playable === name),
  }))
  if (json) return io.out(JSON.stringify({ villains: entries }))
  for (const { name, party, attack, defence, fate, inDevnet } of entries) {
    io.out(`${name}  (${party}, ${fates[fate]}${inDevnet ? '' : ', simulator alone'})`)
    io.out(`  attack   ${attack}`)
    io.out(`  defence  ${defence}`)
  }
}

const fates = {
  'loses-stake': 'loses stake',
  'earns-nothing': 'earns nothing',
  'gains-nothing': 'gains nothing',
  'is-stopped': 'is stopped',
} as const
