/** Every villain that runs: the product's own services on ports that cheat. Also used by the simulation of `test/sim`. */
export { castVillains, type CastOptions, type Player } from './villains/cast-villains.ts'
export { createDeeds, type Deeds, type VillainDeed } from './villains/deeds.ts'
export { playableVillains } from './villains/plays.ts'
export type { Deed, Stage, VillainPlay, VillainRole } from './villains/villain-play.ts'
