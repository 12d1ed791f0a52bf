// Folders that mean harm to whoever loads them: the engine reads them with its own rights, and their top level runs before any turn.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Files, pythonPlugin, typescriptPlugin, writeFolder } from '../../plugin-host/harness.ts'
import type { Canaries } from '../canaries.ts'

export interface FolderCase {
  readonly id: string
  readonly tries: string
  readonly files: Files | ((canaries: Canaries) => Files)
  /** Puts in what is no text: links, pipes. */
  readonly arrange?: (folder: string, canaries: Canaries) => void
  /** What the operator is told of it; a plugin that is told of is no voter, or is off. Undefined where it may be loaded. */
  readonly told: RegExp | undefined
}

const top = (outside: string): Files => typescriptPlugin('hostile', "return vote('COMPENSATE', 0.5)", { outside })
const manifest = (more: string): Files => ({
  'plugin.ts': `export default { manifest: { id: 'hostile', version: '1.0.0', sdk: '^0.1.0', languages: ['zh', 'en'], actions: ['COMPENSATE'], ${more} }, onTurn() { return null } }`,
})
const python = pythonPlugin('hostile', 'class Plugin:\n    def process(self, text):\n        return None\n')
const yaml = (text: string): Files => ({ 'plugin.yaml': text, 'plugin.py': '' })
const pipe = (file: string): void => void execFileSync('mkfifo', [file])

export const FOLDERS: readonly FolderCase[] = [
  // Files of the machine.
  {
    id: 'imports-by-path',
    tries: 'imports a file of the machine by its path',
    files: ({ folder }) => top(`import { secret } from ${JSON.stringify(`${folder}/secret.ts`)}\nglobalThis.kept = secret`),
    told: /outside of the plugin's folder/,
  },
  {
    id: 'imports-upwards',
    tries: 'imports a file by a path with ..',
    files: top("import found from '../../../../../../../../etc/passwd'\nglobalThis.kept = found"),
    told: /outside of the plugin's folder|No loader|Could not resolve|it imports/,
  },
  {
    id: 'imports-by-url',
    tries: 'imports a file by its address',
    files: ({ folder }) => top(`import found from ${JSON.stringify(`file://${folder}/secret.json`)}\nglobalThis.kept = found`),
    told: /./,
  },
  {
    id: 'imports-a-glob',
    tries: 'imports whatever lies in a folder of the machine',
    files: ({ folder }) => top(`export const all = (name: string) => import(\`${folder}/\${name}.ts\`)`),
    told: undefined,
  },
  {
    id: 'imports-upward-glob',
    tries: 'imports whatever lies beside its folder',
    files: top("export const all = (name: string) => import('../' + name + '/plugin.ts')"),
    arrange: folder => void writeFolder(join(folder, '..', 'beside'), top('')),
    told: /outside of the plugin's folder/,
  },
  {
    id: 'false-packages',
    tries: 'imports from a folder elsewhere that is called node_modules',
    files: ({ folder }) => top(`import { secret } from ${JSON.stringify(`${folder}/node_modules/secret.ts`)}\nglobalThis.kept = secret`),
    told: /outside of the plugin's folder|Could not resolve|it imports/,
  },
  {
    id: 'package-that-links',
    tries: 'has a package that is a link to a folder of the machine',
    files: top("import { secret } from 'loot/secret.ts'\nglobalThis.kept = secret"),
    arrange: (folder, canaries) => {
      mkdirSync(join(folder, 'node_modules'))
      symlinkSync(canaries.folder, join(folder, 'node_modules', 'loot'))
    },
    told: /outside of the plugin's folder/,
  },
  {
    id: 'links-to-a-file',
    tries: 'has a link to a file of the machine',
    files: top("import { secret } from './secret.ts'\nglobalThis.kept = secret"),
    arrange: (folder, canaries) => symlinkSync(join(canaries.folder, 'secret.ts'), join(folder, 'secret.ts')),
    told: /outside of the plugin's folder/,
  },
  {
    id: 'is-a-link',
    tries: 'is a link itself',
    files: top(''),
    arrange: (folder, canaries) => {
      rmSync(join(folder, 'plugin.ts'))
      symlinkSync(join(canaries.folder, 'secret.ts'), join(folder, 'plugin.ts'))
    },
    told: /outside of the plugin's folder/,
  },
  {
    id: 'module-that-links',
    tries: 'has a Python module that is a link',
    files: python,
    arrange: (folder, canaries) => {
      rmSync(join(folder, 'plugin.py'))
      symlinkSync(join(canaries.folder, 'secret.py'), join(folder, 'plugin.py'))
    },
    told: /links to a file outside/,
  },
  {
    id: 'module-of-a-namesake',
    tries: 'links to a folder beside its own whose name begins alike',
    files: python,
    arrange: folder => {
      mkdirSync(`${folder}-secrets`)
      writeFileSync(join(`${folder}-secrets`, 'plugin.py'), python['plugin.py']!)
      rmSync(join(folder, 'plugin.py'))
      symlinkSync(join(`${folder}-secrets`, 'plugin.py'), join(folder, 'plugin.py'))
    },
    told: /links to a file outside/,
  },
  {
    id: 'module-upwards',
    tries: 'names a module by a path with ..',
    files: { ...python, 'plugin.yaml': python['plugin.yaml']!.replace('module: plugin', 'module: ../../secret') },
    told: /manifest\.module/,
  },
  {
    id: 'yaml-that-links',
    tries: 'has a plugin.yaml that is a link, so that its lines are told',
    files: python,
    arrange: (folder, canaries) => {
      rmSync(join(folder, 'plugin.yaml'))
      symlinkSync(join(canaries.folder, 'secret.yaml'), join(folder, 'plugin.yaml'))
    },
    told: /links to a file outside/,
  },
  {
    id: 'maps-its-imports',
    tries: 'has a tsconfig.json and a package.json map its imports outside',
    files: ({ folder }) => ({
      ...top("import { secret } from '#loot'\nglobalThis.kept = secret"),
      'package.json': JSON.stringify({ imports: { '#loot': `./../../..${folder}/secret.ts` } }),
      'tsconfig.json': JSON.stringify({ compilerOptions: { paths: { '#loot': [`${folder}/secret.ts`] } } }),
    }),
    told: /./,
  },
  {
    id: 'imports-node',
    tries: 'imports modules of Node',
    files: top("import { readFileSync } from 'node:fs'\nreadFileSync('/etc/passwd')"),
    told: /imports "node:fs"/,
  },
  {
    id: 'requires-node',
    tries: 'requires modules of Node',
    files: top("declare const require: any\nrequire('fs').readFileSync('/etc/passwd')"),
    told: /imports "fs"|Could not resolve/,
  },
  // What is no plain file, or no small one.
  {
    id: 'a-pipe',
    tries: 'is a pipe that nobody writes to',
    files: {},
    arrange: folder => pipe(join(folder, 'plugin.yaml')),
    told: /no plain file/,
  },
  {
    id: 'imports-a-pipe',
    tries: 'imports a pipe that nobody writes to',
    files: top("import './pipe.ts'"),
    arrange: folder => pipe(join(folder, 'pipe.ts')),
    told: /no plain file|Could not resolve|it imports/,
  },
  {
    id: 'a-device',
    tries: 'is a link to an endless device',
    files: {},
    arrange: folder => symlinkSync('/dev/zero', join(folder, 'plugin.yaml')),
    told: /outside of the folder/,
  },
  { id: 'a-huge-file', tries: 'has ten megabytes of source', files: top(`// ${'x'.repeat(10_000_000)}`), told: /more than 1 MB/ },
  {
    id: 'a-huge-description',
    tries: 'has ten megabytes of plugin.yaml',
    files: { ...python, 'plugin.yaml': `# ${'x'.repeat(10_000_000)}` },
    told: /more than 1 MB/,
  },
  {
    id: 'deep-source',
    tries: 'has half a million brackets take the bundler down',
    files: top(`export const deep = ${'('.repeat(5e5)}1${')'.repeat(5e5)}`),
    told: /the bundler cannot take it in/,
  },
  { id: 'deep-yaml', tries: 'nests a plugin.yaml a hundred thousand deep', files: yaml('['.repeat(1e5)), told: /plugin\.yaml/ },
  {
    id: 'yaml-aliases',
    tries: 'has aliases of aliases of aliases in plugin.yaml',
    files: yaml(['a0: &a0 [x, x]', ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)].join('\n')),
    told: /aliases|manifest/,
  },
  // Its top level.
  { id: 'loops-at-once', tries: 'loops before any turn', files: top('for (;;);'), told: /timed out/ },
  {
    id: 'grows-at-once',
    tries: 'takes memory before any turn',
    files: top('const all: any[] = []; for (;;) all.push(Array(1e5).fill(1))'),
    told: /timed out|memory|process down/,
  },
  {
    id: 'ends-its-process',
    tries: 'ends its process before any turn',
    files: top('globalThis.kept = "x".repeat(2 ** 29 - 24).split("")'),
    told: /process down|memory|timed out|down while/,
  },
  { id: 'fills-at-once', tries: 'fills a billion entries before any turn', files: top('globalThis.kept = Array(1e9).fill(0)'), told: /./ },
  {
    id: 'loops-when-it-is-read',
    tries: 'loops in a getter of its manifest',
    files: { 'plugin.ts': 'export default { get manifest() { for (;;); }, onTurn() {} }' },
    told: /timed out/,
  },
  {
    id: 'other-when-it-runs',
    tries: 'gives one onTurn to who reads it and another to who runs it',
    files: {
      'plugin.ts': `let reads = 0; export default { manifest: { id: 'hostile', version: '1.0.0', sdk: '^0.1.0', languages: ['en'], actions: ['COMPENSATE'] }, get onTurn() { return reads++ > 0 ? null : () => null } }`,
    },
    told: undefined,
  },
  // Its manifest.
  {
    id: 'id-of-another',
    tries: 'calls itself by the id of another',
    files: typescriptPlugin('witness', "return vote('PRODUCT_INFO', 1)"),
    told: /another plugin is called "witness" already/,
  },
  { id: 'id-of-prototypes', tries: 'calls itself __proto__', files: manifest("id: '__proto__'"), told: /manifest\.id/ },
  {
    id: 'wants-everything',
    tries: 'asks for grants that there are not',
    files: manifest("grants: ['network', 'files']"),
    told: /manifest\.grants/,
  },
  { id: 'wants-more-time', tries: 'gives itself an hour', files: manifest('limits: { timeoutMs: 3_600_000 }'), told: /limits\.timeoutMs/ },
  { id: 'wants-more-memory', tries: 'gives itself all memory', files: manifest('limits: { memoryMb: 1e9 }'), told: /limits\.memoryMb/ },
  {
    id: 'limits-of-nan',
    tries: 'has limits that are no numbers',
    files: manifest('limits: { timeoutMs: NaN, memoryMb: NaN }'),
    told: /limits/,
  },
  { id: 'more-keys', tries: 'has a manifest with keys that there are not', files: manifest("trust: 'full'"), told: /Unrecognized key/ },
  {
    id: 'huge-manifest',
    tries: 'has a manifest of a megabyte',
    files: manifest("defaultConfidence: 0.5, settings: { a: { type: 'string', about: 'x'.repeat(1e6) } }"),
    told: /too large/,
  },
  {
    id: 'settings-of-prototypes',
    tries: 'has settings called as what every object has',
    files: manifest(
      "settings: { constructor: { type: 'string', about: 'x', default: 'a' }, toString: { type: 'string', about: 'x', default: 'b' } }",
    ),
    told: undefined,
  },
]
