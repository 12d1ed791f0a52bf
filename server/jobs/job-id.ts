/** BullMQ refuses what this refuses; every driver does, so that an id fits wherever the queue is kept. */
export function refuseId(id: string): void {
  if (!/^[^:]{1,400}$/.test(id) || /^\d+$/.test(id)) throw new Error(`not an id of a job: ${JSON.stringify(id.slice(0, 80))}`)
}
