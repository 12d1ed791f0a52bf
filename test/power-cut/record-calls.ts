// What a process did to the files of one folder, recorded with strace: every write with its bytes, every flush, every name made, moved and taken
// away, in order, and between them what the process told its parent.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'

/** Paths are as the process gave them. `begun` of a flush: how many of the calls had ended before it began; it brings those to the disk, and no more. */
export type Call =
  | { readonly is: 'write'; readonly path: string; readonly at: number; readonly bytes: Buffer; readonly isSynchronous: boolean }
  | { readonly is: 'length'; readonly path: string; readonly length: number }
  | { readonly is: 'flush'; readonly path: string; readonly begun: number }
  | { readonly is: 'make' | 'make folder' | 'remove' | 'remove folder'; readonly path: string }
  | { readonly is: 'move' | 'link'; readonly path: string; readonly to: string }
  | { readonly is: 'told'; readonly line: string }

export const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

const TRACED =
  'trace=openat,open,creat,lseek,write,pwrite64,pwritev,pwritev2,writev,fsync,fdatasync,msync,sync_file_range,ftruncate,fallocate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,dup,dup2,dup3,fcntl'

/** Runs the program until it has told enough and kills it. Gives the calls on files under `folder`. */
export async function recordCalls(
  trace: string,
  folder: string,
  program: readonly string[],
  isEnough: (told: readonly string[]) => boolean,
): Promise<Call[]> {
  // -y: descriptors with the names of their files; -xx: bytes as they are. A pipe, so that nothing told is lost with the process.
  const child = spawn('strace', ['-f', '-y', '-xx', '-s', '1048576', '-e', TRACED, '-o', trace, ...program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const told: string[] = []
  let pid = 0
  let isKilled = false
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('pid ')) pid = Number(line.slice(4))
    else {
      told.push(line)
      if (isKilled || !isEnough(told)) continue
      isKilled = true
      process.kill(pid, 'SIGKILL')
    }
  }
  await ended
  return parseTrace(trace, folder)
}

async function parseTrace(trace: string, folder: string): Promise<Call[]> {
  const calls: Call[] = []
  const begun = new Map<string, { readonly text: string; readonly at: number }>()
  const synchronous = new Set<string>()
  const places = new Map<string, number>()
  for await (const line of createInterface({ input: createReadStream(trace) })) {
    const thread = line.split(' ', 1)[0] ?? ''
    if (line.endsWith(' <unfinished ...>')) {
      const text = line.slice(0, -' <unfinished ...>'.length)
      begun.set(thread, { text, at: calls.length })
      continue
    }
    const resumed = /^\d+ +<\.\.\. \w+ resumed>/.exec(line)
    const start = resumed ? begun.get(thread) : undefined
    const text = resumed ? `${start?.text ?? ''}${line.slice(resumed[0].length)}` : line
    const call = /^\d+ +(\w+)\((.*)\) += (-?\d+)/s.exec(text)
    if (!call || call[3]?.startsWith('-')) continue
    const [, name = '', given = '', result = ''] = call
    take(name, given, Number(result), start?.at ?? calls.length)
  }
  return calls

  function take(name: string, given: string, result: number, at: number): void {
    const [, descriptor = '', named = ''] = /^(\d+)<([^>]*)>/.exec(given) ?? []
    const path = inClear(named).replace(/\(deleted\)$/, '')
    const strings = [...given.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => bytesOf(hex))
    const paths = strings.map(String)
    const isOurs = path.startsWith(`${folder}/`) || path === folder
    const mine = (what: string | undefined): what is string => what !== undefined && (what.startsWith(`${folder}/`) || what === folder)
    switch (name) {
      case 'openat':
      case 'open':
      case 'creat': {
        const [opened] = paths
        if (!mine(opened)) return
        const id = String(result)
        places.set(id, 0)
        if (given.includes('O_DSYNC') || given.includes('O_SYNC')) synchronous.add(id)
        else synchronous.delete(id)
        if (given.includes('O_CREAT')) calls.push({ is: 'make', path: opened })
        if (given.includes('O_TRUNC')) calls.push({ is: 'length', path: opened, length: 0 })
        return
      }
      case 'lseek':
        if (isOurs) places.set(descriptor, result)
        return
      case 'write':
      case 'pwrite64':
      case 'writev':
      case 'pwritev': {
        const bytes = Buffer.concat(strings).subarray(0, result)
        if (descriptor === '1') {
          for (const line of String(bytes).split('\n')) if (line !== '' && !line.startsWith('pid ')) calls.push({ is: 'told', line })
          return
        }
        if (!isOurs) return
        const isPlaced = name.startsWith('p')
        const place = isPlaced ? Number(/, (\d+)$/.exec(given)?.[1]) : (places.get(descriptor) ?? 0)
        if (!isPlaced) places.set(descriptor, place + result)
        calls.push({ is: 'write', path, at: place, bytes, isSynchronous: synchronous.has(descriptor) })
        return
      }
      case 'ftruncate':
        if (isOurs) calls.push({ is: 'length', path, length: Number(/, (\d+)$/.exec(given)?.[1]) })
        return
      case 'fsync':
      case 'fdatasync':
        if (isOurs) calls.push({ is: 'flush', path, begun: at })
        return
      case 'rename':
      case 'renameat':
      case 'renameat2':
        if (mine(paths[0]) && paths[1]) calls.push({ is: 'move', path: paths[0], to: paths[1] })
        return
      case 'link':
      case 'linkat':
        if (mine(paths[0]) && paths[1]) calls.push({ is: 'link', path: paths[0], to: paths[1] })
        return
      case 'unlink':
      case 'unlinkat':
      case 'rmdir':
        if (mine(paths[0]))
          calls.push({ is: name === 'rmdir' || given.includes('AT_REMOVEDIR') ? 'remove folder' : 'remove', path: paths[0] })
        return
      case 'mkdir':
      case 'mkdirat':
        if (mine(paths[0])) calls.push({ is: 'make folder', path: paths[0] })
        return
      case 'msync':
      case 'fallocate':
      case 'pwritev2':
      case 'sync_file_range':
        if (isOurs) throw new Error(`${name} on ${path}: the recording does not know how a loss of power treats it`)
    }
  }
}

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll('\\x', ''), 'hex')
const inClear = (named: string): string => (named.includes('\\x') ? String(bytesOf(named)) : named)

/** The folder whose names a call changes. */
export const folderOf = (path: string): string => dirname(path)
