// Tells onnxruntime to send nothing home. From 1.29 on its builds for Linux and macOS collect what models are loaded and how they run, keep an
// identifier of the machine and a queue under ~/.cache/Microsoft, and upload both to Microsoft unless this variable stands in the environment when
// the library starts; no option of a session turns that off. An installation's data stays at home, so it is set here, before the library is loaded.
import { isMainThread } from 'node:worker_threads'

const VARIABLE = 'ORT_DISABLE_TELEMETRY'

// A worker thread has a copy of the environment that no library sees. Its parent must have set the variable, by importing this file.
if (isMainThread) process.env[VARIABLE] = '1'
else if (process.env[VARIABLE] !== '1')
  throw new Error(`onnxruntime would send telemetry: the main thread must import models/without-telemetry.ts before it starts a thread`)
