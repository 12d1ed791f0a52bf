// What a disk holds when the power goes between two of the recorded calls: all that was flushed, and of what was not, whatever the seed says: any of
// its 512-byte sectors, any length that the file had meanwhile, and the names up to any moment. A file's name is flushed with its folder alone.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Call, folderOf } from './record-calls.ts'

const SECTOR = 512

interface File {
  /** What is on the disk for sure. */
  flushed: Buffer
  /** What may be there, in order; `call`: the place of the call that did it. */
  pending: ({ readonly call: number; readonly at: number; readonly bytes: Buffer } | { readonly call: number; readonly length: number })[]
}
type Names = Map<string, File | 'folder'>
type Renaming = Extract<Call, { is: 'make' | 'make folder' | 'remove' | 'remove folder' | 'move' | 'link' }>

export interface Disk {
  take(call: Call, number: number): void
  /** Writes into `into` what a loss of power leaves. `isWhole`: everything was still written. */
  leave(into: string, random: () => number, isWhole?: boolean): void
}

/** `root` was there before; what the calls did is under it. */
export function createDisk(root: string): Disk {
  /** As the running system sees them, and as they are on the disk for sure. */
  const names: Names = new Map()
  const kept: Names = new Map()
  let renamings: { readonly call: Renaming; readonly file: File | 'folder' | undefined }[] = []

  function rename(into: Names, call: Renaming, file: File | 'folder' | undefined): void {
    if (call.is === 'move') {
      for (const [path, moved] of [...into]) {
        if (path !== call.path && !path.startsWith(`${call.path}/`)) continue
        into.delete(path)
        into.set(call.to + path.slice(call.path.length), moved)
      }
      if (file) into.set(call.to, file)
    } else if (call.is === 'link') {
      if (file) into.set(call.to, file)
    } else if (call.is.startsWith('remove')) into.delete(call.path)
    else if (file) into.set(call.path, file)
  }

  const fileAt = (path: string): File => {
    const file = names.get(path)
    if (file === undefined || file === 'folder') throw new Error(`${path} was written and never made`)
    return file
  }

  function take(call: Call, number: number): void {
    switch (call.is) {
      case 'told':
        return
      case 'write': {
        const file = fileAt(call.path)
        const write = { call: number, at: call.at, bytes: call.bytes }
        // Written straight through: it is there when the call has ended, whatever else is not.
        if (call.isSynchronous) file.flushed = written(file.flushed, write.at, write.bytes)
        else file.pending.push(write)
        return
      }
      case 'length':
        fileAt(call.path).pending.push({ call: number, length: call.length })
        return
      case 'flush': {
        const file = names.get(call.path)
        if (file !== undefined && file !== 'folder') {
          for (const change of file.pending) if (change.call < call.begun) file.flushed = applied(file.flushed, change)
          file.pending = file.pending.filter(change => change.call >= call.begun)
        } else {
          for (const { call: renaming, file: of } of renamings) if (isIn(renaming, call.path)) rename(kept, renaming, of)
          renamings = renamings.filter(({ call: renaming }) => !isIn(renaming, call.path))
        }
        return
      }
      case 'make':
      case 'make folder':
        if (names.has(call.path)) return
        return change(call, call.is === 'make' ? { flushed: Buffer.alloc(0), pending: [] } : 'folder')
      default:
        return change(call, names.get(call.path))
    }
  }

  function change(call: Renaming, file: File | 'folder' | undefined): void {
    renamings.push({ call, file })
    rename(names, call, file)
  }

  return {
    take,
    leave(into, random, isWhole = false) {
      const left: Names = new Map(kept)
      const share = isWhole ? 1 : (([0, 0.5, 0.9, 1] as const)[Math.floor(random() * 4)] ?? 0)
      // A file system writes the changes of names in order: those that are not flushed are there up to some moment.
      const upTo = isWhole ? renamings.length : Math.floor(random() * (renamings.length + 1))
      for (const { call, file } of renamings.slice(0, upTo)) rename(left, call, file)
      mkdirSync(into, { recursive: true })
      for (const [path, file] of [...left].sort(([a], [b]) => (a < b ? -1 : 1))) {
        // What lies in a folder that has lost its own name is lost with it.
        if (folderOf(path) !== root && left.get(folderOf(path)) !== 'folder') {
          left.delete(path)
          continue
        }
        const target = join(into, path.slice(root.length))
        mkdirSync(file === 'folder' ? target : dirname(target), { recursive: true })
        if (file !== 'folder') writeFileSync(target, leftOf(file, random, share))
      }
    },
  }
}

const isIn = (call: Renaming, folder: string): boolean => folderOf(call.path) === folder || ('to' in call && folderOf(call.to) === folder)

/** Some of the sectors of what was not flushed, over what was; and some length in between. */
function leftOf({ flushed, pending }: File, random: () => number, share: number): Buffer {
  let content: Buffer = Buffer.from(flushed)
  const lengths = [flushed.length]
  let length = flushed.length
  for (const change of pending) {
    if ('length' in change) {
      length = change.length
      if (random() < share) content = resized(content, change.length)
    } else {
      length = Math.max(length, change.at + change.bytes.length)
      for (let from = change.at; from < change.at + change.bytes.length; ) {
        const to = Math.min(change.at + change.bytes.length, (Math.floor(from / SECTOR) + 1) * SECTOR)
        if (random() < share) content = written(content, from, change.bytes.subarray(from - change.at, to - change.at))
        from = to
      }
    }
    lengths.push(length)
  }
  return resized(content, share === 1 ? length : lengths[Math.floor(random() * lengths.length)]!) // there is a first one
}

const applied = (content: Buffer, change: File['pending'][number]): Buffer =>
  'length' in change ? resized(content, change.length) : written(content, change.at, change.bytes)

function written(content: Buffer, at: number, bytes: Buffer): Buffer {
  const next = at + bytes.length > content.length ? resized(content, at + bytes.length) : content
  bytes.copy(next, at)
  return next
}

function resized(content: Buffer, length: number): Buffer {
  const next = Buffer.alloc(length)
  content.copy(next, 0, 0, length)
  return next
}
