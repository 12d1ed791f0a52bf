// Where the project's own folders are, from this file's place: nothing depends on the folder that a command is called in.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))

export const PROJECT = {
  packs: folder('packs'),
  plugins: folder('plugins'),
  ensembles: folder('ensembles/shipped'),
  models: folder('models/shipped'),
  demoArticles: folder('examples/demo-shop/articles'),
  demoMesh: folder('examples/demo-shop/mesh.yaml'),
  demoQuestions: folder('examples/demo-shop/questions'),
  pages: folder('web/dist'),
  pythonCache: folder('.cache/python'),
  hostCache: folder('.cache/host'),
  found: folder('.cache/found'),
} as const

/** The release of this project, as its package says. */
export const releaseHere = (): string => (JSON.parse(readFileSync(folder('package.json'), 'utf8')) as { readonly version: string }).version // our own file
