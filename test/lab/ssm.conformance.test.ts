import { describe, expect, it } from 'vitest'
import { deliveryFacts } from './ssm-deliveries.facts.ts'
import { documentFacts } from './ssm-documents.facts.ts'
import { executionFacts } from './ssm-executions.facts.ts'
import { nodeFacts } from './ssm-nodes.facts.ts'
import { refusalFacts } from './ssm-refusals.facts.ts'
import { createScene } from './ssm.scene.ts'

describe('Systems Manager answers as AWS does', () => {
  const facts = [...nodeFacts, ...deliveryFacts, ...executionFacts, ...refusalFacts, ...documentFacts]

  it.each(facts)('$grade: $fact [$source]', async ({ holds }) => {
    expect.hasAssertions()
    await holds(createScene())
  })
})
