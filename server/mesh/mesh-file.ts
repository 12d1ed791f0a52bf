import { resolve } from 'node:path'
import { PROJECT } from '../project.ts'

/** What a shop's settings call the mesh of the demo shop, whose services the server starts. */
export const DEMO = 'demo-shop'

/** The file of a shop's mesh, which is not `none`. */
export const meshFile = (mesh: string): string => (mesh === DEMO ? PROJECT.demoMesh : resolve(mesh))
