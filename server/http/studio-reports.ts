// Reports: ordered, looked at while they are worked out and after, taken along.
import { ReportOrder } from '@parley/core/protocol/studio.ts'
import type { FastifyInstance } from 'fastify'
import { checked } from './operator-gate.ts'
import type { AskingOf } from './studio-routes.ts'

interface Route {
  Params: { report: string }
  Querystring: { download?: string }
}
const REPORT = '/v1/studio/reports/:report'

export function registerStudioReports(http: FastifyInstance, askingOf: AskingOf): void {
  http.get('/v1/studio/reports', async request => ({ reports: askingOf(request).shop.reports.list() }))
  http.post('/v1/studio/reports', async request => {
    const { who, shop } = askingOf(request)
    return shop.reports.order(checked(ReportOrder, request.body), who.name)
  })
  http.get<Route>(REPORT, async request => askingOf(request).shop.reports.view(request.params.report))
  http.delete<Route>(REPORT, async (request, reply) => {
    await askingOf(request).shop.reports.remove(request.params.report)
    return reply.code(204).send()
  })
  http.post<Route>(`${REPORT}/cancel`, async request => askingOf(request).shop.reports.cancel(request.params.report))
  http.post<Route>(`${REPORT}/again`, async request => askingOf(request).shop.reports.again(request.params.report))
  http.get<Route>(`${REPORT}/result`, async (request, reply) => {
    const { report } = request.params
    const text = await askingOf(request).shop.reports.file(report, 'result')
    if (request.query.download !== undefined) reply.header('content-disposition', `attachment; filename="report-${report}.json"`)
    return reply.type('application/json; charset=utf-8').send(text)
  })
  http.get<Route>(`${REPORT}/html`, async (request, reply) => {
    const { report } = request.params
    const text = await askingOf(request).shop.reports.file(report, 'html')
    // Never shown here: it holds scripts, and this address has people's sessions.
    reply.header('content-disposition', `attachment; filename="report-${report}.html"`)
    return reply.type('text/html; charset=utf-8').send(text)
  })
}
