/** Villains: what they do, what it gains them, and the simulator that measures it. */
export { villains, type Villain, type VillainFate, type VillainName, type VillainParty } from './catalogue.ts'
