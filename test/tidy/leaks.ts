/** What has no place in a file that others will clone: paths of one machine, addresses of registries, credentials. */
import { homedir } from 'node:os'
import { ROOT, isTestFile } from './repo-files.ts'

const ADDRESSES: readonly (readonly [string, RegExp])[] = [
  ['a package registry', /\bregistry\.(?:npmjs|npmmirror|yarnpkg)\.\w+|\bnpm\.pkg\.github\.com/],
  ['a registry setting', /^\s*(?:@[\w-]+:)?registry\s*=/m],
  ['a registry token', /_authToken|\bnpm_[A-Za-z0-9]{36}\b/],
]

/** Tests may make these up: to prove that a log hides a key, say. */
const INVENTABLE: readonly (readonly [string, RegExp])[] = [
  ['a home folder', /(?<![\w.])\/(?:home|Users)\/(?!runner\b|user\b|you\b)[a-z][\w-]*\//],
  ['a home folder', /\b[A-Z]:\\Users\\/],
  ["root's home folder", /(?<![\w.])\/root\/[\w.]/],
  ['a private key', /-----BEGIN (?:\w+ )?PRIVATE KEY-----/],
  ['a cloud key', /\bAKIA[0-9A-Z]{16}\b/],
  ['a wallet connection', /nostr\+walletconnect:\/\/[0-9a-f]{64}/],
]

/** What of all that stands in this text, with the line it stands on. */
export function findLeaks(path: string, text: string): string[] {
  const patterns = isTestFile(path) ? ADDRESSES : [...ADDRESSES, ...INVENTABLE]
  const named = patterns.map(([what, pattern]) => ({ what, index: pattern.exec(text)?.index ?? -1 }))
  const places = [ROOT, homedir()].filter((folder) => folder.split('/').length > 2)
  const here = places.map((folder) => ({
    what: `the path ${folder} of this machine`,
    index: text.indexOf(`${folder}/`),
  }))
  return [...named, ...here]
    .filter(({ index }) => index >= 0)
    .map(({ what, index }) => `${path}:${text.slice(0, index).split('\n').length} holds ${what}`)
}
