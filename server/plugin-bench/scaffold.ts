// Writes a new plugin: one that votes and passes its golden transcript as it stands, and that an editor understands.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '@parley/core/faults.ts'
import { PROJECT } from '../project.ts'
import { compilerOptions } from './typescript-settings.ts'

const TEMPLATES_FOLDER = fileURLToPath(new URL('./templates', import.meta.url))
const PYTHON_SDK = fileURLToPath(import.meta.resolve('@parley/plugin-sdk/python/parley_sdk.py'))

/** Where each file of a template comes from. */
export const TEMPLATES = {
  keyword: ['keyword/plugin.ts', 'keyword/golden.txt'],
  intent: ['intent/plugin.ts', 'intent/signs.ts', 'intent/golden.txt'],
  effect: ['effect/plugin.ts', 'effect/golden.txt'],
  python: ['python/plugin.yaml', 'python/template_module.py', 'keyword/golden.txt'],
} as const
export type Template = keyof typeof TEMPLATES

/** The names of the files that were written. Faults: FOLDER_NOT_EMPTY. */
export function scaffold(id: string, template: Template): readonly string[] {
  const folder = resolve(id)
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Fault('FOLDER_NOT_EMPTY', { folder })
  const module = id.replaceAll('-', '_')
  const className = id.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())
  const named = (text: string): string =>
    text.replaceAll('template-id', id).replaceAll('template_module', module).replaceAll('TemplateClass', className)
  const files = new Map<string, string>()
  for (const file of TEMPLATES[template]) files.set(named(basename(file)), named(readFileSync(join(TEMPLATES_FOLDER, file), 'utf8')))
  if (template === 'python') files.set('parley_sdk.py', readFileSync(PYTHON_SDK, 'utf8'))
  else files.set('tsconfig.json', tsconfig(folder))
  files.set('README.md', readme(id, template, module))
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of files) writeFileSync(join(folder, name), text)
  return [...files.keys()]
}

/** In the project's own folder the SDK is found; elsewhere the place of this installation is written down. */
const tsconfig = (folder: string): string => {
  const isInProject = folder.startsWith(resolve(PROJECT.plugins, '..') + sep)
  return `${JSON.stringify({ compilerOptions: compilerOptions(isInProject), include: ['*.ts'] }, null, 2)}\n`
}

const FILES: Readonly<Record<Template, (module: string) => string>> = {
  keyword: () => '- `plugin.ts`: the manifest, and `onTurn`, which votes.\n',
  intent: () => '- `plugin.ts`: the manifest, and `onTurn`, which votes. `signs.ts`: what it looks for.\n',
  effect: () => '- `plugin.ts`: the manifest, `onTurn`, which votes, and `onAction` with its `undo`, which say what is done.\n',
  python: module =>
    `- \`${module}.py\`: the class that votes. \`plugin.yaml\`: its manifest.\n- \`parley_sdk.py\`: types for your editor. The sandbox has its own; leave it as it is.\n`,
}

const readme = (id: string, template: Template, module: string): string => `# ${id}

${FILES[template](module)}- \`golden.txt\`: what customers write, and what the plugin votes.

In this folder:

    parley plugin dev      talk to it; it is loaded anew whenever you save
    parley plugin test     golden.txt, in the real sandbox; --update writes the votes, review the diff
    parley plugin check    what must hold before a shop uses it

A shop uses it with the path of this folder under \`plugins\` in parley.yaml, and sets it under \`pluginSettings\`:

    shops:
      - id: demo
        plugins: [fresh-goods, ./${id}]
        pluginSettings:
          ${id}: {}
`
