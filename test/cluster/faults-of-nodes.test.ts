// What befalls nodes of Parley, and the Redis that they share.
import { testFaults } from './faults-suite.ts'

testFaults([
  { fault: 'kill -9 of a Parley node', rounds: 4 },
  { fault: 'kill -9 of Redis', rounds: 2 },
  { fault: 'SIGSTOP of a Parley node beyond its lease, then SIGCONT', rounds: 2 },
  { fault: "a node's clock an hour ahead, then back", rounds: 4 },
])
