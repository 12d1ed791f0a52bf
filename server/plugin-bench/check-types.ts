// The compiler over a plugin's TypeScript, with the settings that it is meant to be written under whatever its own tsconfig.json says.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { compilerOptions } from './typescript-settings.ts'

export type TypesReport = { readonly isChecked: true; readonly errors: readonly string[] } | { readonly isChecked: false }

/** Each error as `plugin.ts:12: what is wrong`. Not checked where no compiler is installed: it comes with the project's sources alone. */
export function checkTypes(folder: string): TypesReport {
  const compiler = findCompiler()
  if (compiler === undefined) return { isChecked: false }
  const root = resolve(folder)
  const files = readdirSync(root).flatMap(file => (file.endsWith('.ts') && !file.endsWith('.test.ts') ? [join(root, file)] : []))
  const scratch = mkdtempSync(join(tmpdir(), 'parley-types-'))
  try {
    writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify({ compilerOptions: compilerOptions(false), files }))
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', scratch, '--pretty', 'false'], { cwd: root, encoding: 'utf8' })
    return { isChecked: true, errors: readErrors(stdout, root) }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** Below an error the compiler goes into it line by line; the last says what it is in the fewest words. */
function readErrors(output: string, root: string): readonly string[] {
  const errors: string[] = []
  let place = ''
  for (const line of output.split('\n')) {
    const [, file, at, reason] = /^(\S.*?)\((\d+),\d+\): error TS\d+: (.*)$/.exec(line) ?? []
    if (file !== undefined) {
      place = `${relative(root, resolve(root, file))}:${at}: `
      errors.push(place + reason)
    } else if (line.startsWith('error ')) errors.push(line)
    else if (line.startsWith('  ') && errors.length > 0) errors[errors.length - 1] = place + line.trim()
  }
  return errors
}

function findCompiler(): string | undefined {
  try {
    const file = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
    return existsSync(file) ? file : undefined
  } catch {
    return undefined // not installed
  }
}
