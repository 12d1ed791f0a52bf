// The pages by their names, with their signs in the list at the side.
import { createComparePage } from './pages/compare.ts'
import { createDriftPage } from './pages/drift.ts'
import { createLabelPage } from './pages/label.ts'
import { createReportsPage } from './pages/reports.ts'
import { createVersionsPage } from './pages/versions.ts'
import { createWeightsPage } from './pages/weights.ts'
import type { PageName } from './route.ts'
import type { Page, Studio } from './studio.ts'

export const ICONS: Readonly<Record<PageName, string>> = {
  versions: 'M12 3 4 7l8 4 8-4-8-4ZM4 12l8 4 8-4M4 17l8 4 8-4',
  reports: 'M5 3h10l4 4v14H5V3Zm4 14v-4m3 4V10m3 7v-3',
  compare: 'M8 4v16M16 4v16M8 8H3m18 0h-5M8 15H4m17 0h-5',
  weights: 'M4 7h9m4 0h3M4 17h3m4 0h9M15 4.5v5M9 14.5v5',
  label: 'M4 4h8l8 8-8 8-8-8V4Zm4.5 4.5h.01',
  drift: 'M4 19V5m0 14h16M7 14l4-4 3 3 6-7',
}

const CREATE: Readonly<Record<PageName, (studio: Studio) => Page>> = {
  versions: createVersionsPage,
  reports: createReportsPage,
  compare: createComparePage,
  weights: createWeightsPage,
  label: createLabelPage,
  drift: createDriftPage,
}

export const openPage = (name: PageName, studio: Studio): Page => CREATE[name](studio)
