// What befalls the NATS servers that keep the log.
import { testFaults } from './faults-suite.ts'

testFaults([
  { fault: 'kill -9 of the NATS server that leads a shard', rounds: 2 },
  { fault: 'SIGSTOP of the NATS server that leads a shard, which wakes up behind another', rounds: 1 },
  { fault: "one server's files damaged while it is down", rounds: 2 },
  { fault: "one server's files damaged while it runs", rounds: 2 },
  { fault: 'kill -9 of all NATS servers', rounds: 1 },
])
