// The hostile suite in Python.
import { PYTHON } from './cases/python.ts'
import { playKinds } from './play-kinds.ts'

playKinds([PYTHON])
