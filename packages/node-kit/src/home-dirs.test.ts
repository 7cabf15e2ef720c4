import assert from 'node:assert/strict'
import { it } from 'node:test'
import { deriveHomeDirs } from './home-dirs.ts'

it('keeps everything in ASSAY_HOME, else follows XDG, and ignores relative paths', () => {
  const plain = { configDir: '/home/u/.config/assay', dataDir: '/home/u/.local/share/assay' }
  assert.deepEqual(deriveHomeDirs({}, '/home/u'), plain)
  assert.deepEqual(deriveHomeDirs({ ASSAY_HOME: '/srv/a', XDG_DATA_HOME: '/d' }, '/home/u'), {
    configDir: '/srv/a',
    dataDir: '/srv/a',
  })
  assert.deepEqual(deriveHomeDirs({ XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: '/d' }, '/home/u'), {
    configDir: '/c/assay',
    dataDir: '/d/assay',
  })
  assert.deepEqual(deriveHomeDirs({ ASSAY_HOME: 'a', XDG_CONFIG_HOME: 'c', XDG_DATA_HOME: '' }, '/home/u'), plain)
})
