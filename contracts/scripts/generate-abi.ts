/** Writes packages/chain/src/abi from the Hardhat artifacts. A test fails when it was not run after a change. */
import { mkdir, writeFile } from 'node:fs/promises'

import { renderAbiModules } from './render-abi.ts'

const target = new URL('../../packages/chain/src/abi/', import.meta.url)
await mkdir(target, { recursive: true })
for (const { file, text } of await renderAbiModules()) await writeFile(new URL(file, target), text)
