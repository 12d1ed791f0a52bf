// Real Chromium for the browser tests: Debian's package, driven by playwright-core. Where it is missing the tests skip, with one line that says how
// to get it.
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const CHROMIUM = '/usr/bin/chromium'

/** For a test's `skip`: the line that names what is missing, or false. */
export const missingBrowser: string | false = existsSync(CHROMIUM)
  ? false
  : `missing: ${CHROMIUM} (as root: apt-get update && apt-get install -y chromium fonts-noto-cjk)`

/** A browser without a window that asks nothing of the network by itself. The caller closes it. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
    ],
  })
