// The hostile suite: whatever a plugin in TypeScript does, the server goes on.
import { ANSWERS } from './cases/answers.ts'
import { ESCAPES } from './cases/escapes.ts'
import { LOOPS } from './cases/loops.ts'
import { MEMORY } from './cases/memory.ts'
import { STATE } from './cases/state.ts'
import { VOTES } from './cases/votes.ts'
import { playKinds } from './play-kinds.ts'

playKinds([LOOPS, MEMORY, ESCAPES, ANSWERS, VOTES, STATE])
