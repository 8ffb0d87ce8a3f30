/**
 * Lambda's execution environment in miniature: loads one bundled function and runs it for each event that comes, with a
 * deadline. Plain CommonJS, because a worker thread loads it as it stands.
 */
'use strict'
const { parentPort, workerData } = require('node:worker_threads')
const { handler } = require(workerData.file)

parentPort.on('message', async ({ id, event, timeoutMs }) => {
  const deadline = Date.now() + timeoutMs
  const context = {
    functionName: workerData.name,
    awsRequestId: id,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  }
  try {
    parentPort.postMessage({ id, result: await handler(event, context) })
  } catch (error) {
    parentPort.postMessage({ id, error: { name: error.name, message: error.message } })
  }
})
