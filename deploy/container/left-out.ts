// Files of a package or of the project that no running server opens. Each rule says why it takes nothing from it.
import { type Binary, runsOn, type Target } from './target.ts'

/** Of a package, at its top. A folder of such a name deeper down may be code (`yaml/dist/doc`); a dot file there is a tool's. */
const FOLDERS = /^((tests?|__tests__|docs?|examples?|bench(mark)?s?|coverage)\/|\.)/
/** Types, and sources that Node refuses to run under node_modules. */
const TYPESCRIPT = /\.[cm]?ts$/
/** There is no compiler. */
const NATIVE_SOURCE = /\.(c|cc|cpp|cxx|h|hh|hpp|gypi?|inc|S|asm)$/
const NOT_RUN = /\.(map|md|markdown|tgz|flow|tsbuildinfo|test\.[cm]?js)$/
/** Stays whatever it is called: the licences ask for it. */
const LICENCE = /(^|\/)(licen[cs]e|notice|copying)[^/]*$/i

/** `path` is relative to the package. */
export function isLeftOutOfPackage(path: string, binary: Binary | undefined, target: Target): boolean {
  if (binary) return !runsOn(target, binary, path)
  if (LICENCE.test(path)) return false
  return FOLDERS.test(path) || TYPESCRIPT.test(path) || NATIVE_SOURCE.test(path) || NOT_RUN.test(path)
}

/** Tests, what trains the shipped models, and pages for people; the demo shop's articles are for its bot. `path` is relative to the project. */
export const isLeftOutOfProject = (path: string): boolean =>
  /\.test\.ts$|\.(map|md)$|(^|\/)(node_modules|\.[^/]+)(\/|$)|^models\/train-shipped\.ts$/.test(path) &&
  !path.startsWith('examples/demo-shop/articles/')
