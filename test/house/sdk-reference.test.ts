import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as sdk from '@parley/plugin-sdk'
import { sdkReference } from '../../tools/sdk-reference.ts'

test('[SDK8] docs/plugin-sdk.md is what the sources say; tools/sdk-reference.ts writes it anew', () => {
  assert.equal(readFileSync(new URL('../../docs/plugin-sdk.md', import.meta.url), 'utf8'), sdkReference())
})

test('[SDK8] everything that an author can import has an entry with words of its own', () => {
  const page = sdkReference()
  for (const name of [...Object.keys(sdk), 'Plugin', 'PluginManifest', 'PluginTools', 'Question', 'Vote', 'SettingSchema'])
    assert.match(page, new RegExp(`^### \`${name}\`\\n\\n\\S`, 'm'), name)
})
