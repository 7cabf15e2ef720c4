/** Does a package declare what it imports, and import what it declares? */
import type { Manifest } from './manifests.ts'
import { packageOf } from './parse-module.ts'

export interface ImportingFile {
  readonly path: string
  readonly isTest: boolean
  readonly specifiers: readonly string[]
}

/**
 * Product code may use `dependencies` only. Tests may also use the package's and the root's `devDependencies`, and any
 * workspace: they compose what product code may not.
 */
export function undeclaredImports(manifest: Manifest, root: Manifest, files: readonly ImportingFile[]): string[] {
  const forProduct = new Set([...Object.keys(manifest.dependencies), String(manifest.fields['name'])])
  const forTests = new Set([
    ...forProduct,
    ...Object.keys(manifest.devDependencies),
    ...Object.keys(root.devDependencies),
  ])
  return files.flatMap(({ path, isTest, specifiers }) =>
    [...new Set(specifiers.map(packageOf))]
      .filter((name) => name !== undefined)
      .filter((name) => !(isTest ? forTests.has(name) || name.startsWith('@assay/') : forProduct.has(name)))
      .map((name) => `${path} imports ${name}, which ${manifest.path} does not declare`),
  )
}

/** Declared and never imported. Types count as used when what they describe is. */
export function unusedDependencies(manifest: Manifest, files: readonly ImportingFile[]): string[] {
  const productUses = namesUsed(files.filter(({ isTest }) => !isTest))
  const anyUses = namesUsed(files)
  const described = (name: string): string => name.replace(/^@types\//, '').replace(/^(.+)__/, '@$1/')
  return [
    ...Object.keys(manifest.dependencies).filter((name) => !productUses.has(name)),
    ...Object.keys(manifest.devDependencies).filter((name) => !anyUses.has(described(name))),
  ].map((name) => `${manifest.path} declares ${name}, which nothing there imports`)
}

function namesUsed(files: readonly ImportingFile[]): Set<string | undefined> {
  return new Set(files.flatMap(({ specifiers }) => specifiers.map(packageOf)))
}
