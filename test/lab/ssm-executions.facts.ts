import { expect } from 'vitest'
import { captured, command, create, expirySeconds, type Fact, get, invocation, send } from './ssm-facts.scene.ts'
import { i1 } from './ssm.scene.ts'

export const executionFacts: Fact[] = [
  {
    fact: 'a plugin that the document has not is refused by name',
    grade: 'A',
    source: `${captured}/managed_execution_current.json: invocation-wrong-plugin`,
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      const { CommandId } = send(scene)
      await scene.pass(1000)
      expect(scene.refusal('GetCommandInvocation', { CommandId, InstanceId: i1, PluginName: 'notAPlugin' })).toBe(
        `InvalidPluginName: Plugin notAPlugin not found for invocation with command id ${CommandId} and instance id ${i1}`,
      )
    },
  },
  {
    fact: 'an execution that times out is 137 and ExecutionTimedOut, and the command Failed with one error',
    grade: 'A',
    source: `${captured}/managed_execution_timeouts_current.json: minimum-five-commands, minimum-five-plugins`,
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      scene.onRun = (run) => scene.after(run.timeoutMs, { exitCode: 137, stdout: 'before-timeout\n', stderr: '' })
      const { CommandId } = send(scene)
      await scene.pass(10_000)
      expect(get(scene, CommandId!)).toMatchObject({
        Status: 'TimedOut',
        StatusDetails: 'ExecutionTimedOut',
        ResponseCode: 137,
        ExecutionElapsedTime: 'PT5S',
        StandardOutputContent: 'before-timeout\n',
        StandardErrorContent: '',
      })
      expect(command(scene, CommandId!)).toMatchObject({ Status: 'Failed', StatusDetails: 'Failed', ErrorCount: 1 })
    },
  },
  {
    fact: 'a timeout below five seconds becomes 3600 for the agent, and counts as it is for ExpiresAfter',
    grade: 'A',
    source: `${captured}/managed_execution_current.json: command-execution-timeout, execution-timeout-plugins`,
    async holds(scene) {
      create(scene, { timeoutSeconds: '2' })
      await scene.online(i1)
      expect(expirySeconds(send(scene))).toBe(32)
      await scene.pass(3000)
      expect(scene.runs[0]!.run.timeoutMs).toBe(3_600_000)
    },
  },
  {
    fact: 'exit 7 keeps both streams, and the agent adds a line to standard error',
    grade: 'A',
    source: `${captured}/managed_execution_current.json: failure-invocation-1, failure-plugins`,
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      scene.onRun = () => scene.after(3, { exitCode: 7, stdout: 'failed-stdout\n', stderr: 'failed-stderr\n' })
      const { CommandId } = send(scene)
      await scene.pass(10_000)
      const stderr = 'failed-stderr\nfailed to run commands: exit status 7'
      expect(get(scene, CommandId!)).toMatchObject({
        Status: 'Failed',
        ResponseCode: 7,
        ExecutionElapsedTime: 'PT0.003S',
        StandardOutputContent: 'failed-stdout\n',
        StandardErrorContent: stderr,
      })
      expect(invocation(scene, CommandId!).CommandPlugins![0]).toMatchObject({
        Name: 'step',
        ResponseCode: 7,
        Output: `failed-stdout\n\n----------ERROR-------\n${stderr}`,
      })
    },
  },
  {
    fact: 'the end of an execution is told as its start plus whole seconds',
    grade: 'A',
    source: `${captured}/managed_execution_current.json: execution-timeout-invocation-7 (PT20.048S)`,
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      scene.onRun = () => scene.after(1048, { exitCode: 0, stdout: '', stderr: '' })
      const { CommandId } = send(scene)
      await scene.pass(10_000)
      const told = get(scene, CommandId!)
      expect(told.ExecutionElapsedTime).toBe('PT1.048S')
      expect(Date.parse(told.ExecutionEndDateTime!) - Date.parse(told.ExecutionStartDateTime!)).toBe(1000)
    },
  },
  {
    fact: 'cancelling a running command ends it with 137, Cancelled; it is InProgress for a while yet',
    grade: 'A',
    source: `${captured}/managed_execution_current.json: command-cancel, cancelled-invocation-*, cancelled-commands`,
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      scene.onRun = ({ abort }) =>
        new Promise((resolve) => {
          abort!.addEventListener('abort', () => resolve({ exitCode: 137, stdout: 'before-cancel\n', stderr: '' }))
        })
      const { CommandId } = send(scene)
      await scene.pass(2000)
      expect(scene.call('CancelCommand', { CommandId, InstanceIds: [i1] })).toEqual({})
      expect(get(scene, CommandId!)).toMatchObject({ Status: 'InProgress', ResponseCode: -1 })
      await scene.pass(3000)
      expect(get(scene, CommandId!)).toMatchObject({
        Status: 'Cancelled',
        StatusDetails: 'Cancelled',
        ResponseCode: 137,
        StandardOutputContent: 'before-cancel\n',
      })
      expect(command(scene, CommandId!)).toMatchObject({ Status: 'Cancelled', CompletedCount: 1, ErrorCount: 0 })
    },
  },
  {
    fact: 'standard output is cut to 24000 characters and standard error to 8000, at the end',
    grade: 'B',
    source: 'aws/amazon-ssm-agent, agent/framework/processor/executer/iohandler/iohandler.go',
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      scene.onRun = () => scene.after(3, { exitCode: 1, stdout: 'o'.repeat(30_000), stderr: 'e'.repeat(9000) })
      const { CommandId } = send(scene)
      await scene.pass(10_000)
      const told = get(scene, CommandId!)
      expect(told.StandardOutputContent).toBe(`${'o'.repeat(23_980)}--output truncated--`)
      expect(told.StandardErrorContent).toBe(`${'e'.repeat(7980)}--output truncated--`)
    },
  },
  {
    fact: 'a plugin tells 2500 characters at most',
    grade: 'A',
    source: `${captured}/managed_execution_current.json: agent-channel-evidence-plugins`,
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      scene.onRun = () => scene.after(3, { exitCode: 0, stdout: 'o'.repeat(3000), stderr: '' })
      const { CommandId } = send(scene)
      await scene.pass(10_000)
      const { Output } = invocation(scene, CommandId!).CommandPlugins![0]!
      expect(Output).toHaveLength(2500)
      expect(Output!.endsWith('o\n---Output truncated---')).toBe(true)
    },
  },
]
