// What befalls the network between the NATS servers, and between them and the nodes.
import { testFaults } from './faults-suite.ts'

testFaults([
  { fault: 'a partition of one NATS server', rounds: 1 },
  { fault: 'loss in one direction at one NATS server', rounds: 1 },
])
