// Every connection of one kind in this process: joins a WebSocket to what is said over it, counts, and tells all to come again.
import type { Duplex } from 'node:stream'
import { Fault } from '@parley/core/faults.ts'
import type { WebSocket } from 'ws'
import type { Connection, Wire } from './session.ts'

export interface Connections {
  /** `make` makes the connection of the socket's wire; `stream` is what the socket speaks over. */
  take(socket: WebSocket, stream: Duplex, make: (wire: Wire) => Connection): void
  /** Tells every client to connect again, now and whoever comes later. */
  leave(): void
  readonly count: number
}

export interface ConnectionsObserver {
  changed(count: number): void
  /** A connection ended by an error of the wire, not of the protocol. */
  wireFailed(): void
}

export function createConnections(observer: ConnectionsObserver): Connections {
  const connections = new Set<Connection>()
  let isLeft = false
  return {
    take(socket, stream, make) {
      let isCorked = false
      const connection = make({
        send(text) {
          // Frames of one tick (a message's echo and its acknowledgement, say) go in one system call, which costs more than all else about them.
          if (!isCorked) {
            isCorked = true
            stream.cork()
            process.nextTick(() => {
              isCorked = false
              stream.uncork()
            })
          }
          socket.send(text)
        },
        close: (code, reason) => socket.close(code, reason),
        get bufferedBytes() {
          return socket.bufferedAmount
        },
      })
      if (isLeft) return connection.leave() // it was on its way here when the others were told
      connections.add(connection)
      observer.changed(connections.size)
      socket.on('message', (data, isBinary) =>
        isBinary ? connection.refuse(new Fault('FRAME_BINARY', {})) : connection.frame(String(data)),
      )
      socket.on('error', observer.wireFailed) // `ws` closes the connection; 'close' follows
      socket.on('close', () => {
        connection.gone()
        connections.delete(connection)
        observer.changed(connections.size)
      })
    },
    leave() {
      isLeft = true
      connections.forEach(connection => connection.leave())
    },
    get count() {
      return connections.size
    },
  }
}
