import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { AwsError } from '../../lab/cloud/error.ts'
import { createWire, type Listening } from '../../lab/wire/wire.ts'

let wire: Listening
let calls: { operation: string; input: object }[] = []
let answer: () => object = () => ({})

beforeAll(async () => {
  wire = await createWire({
    simulates: () => true,
    async send(operation, input) {
      calls.push({ operation, input })
      return answer()
    },
  }).listen(0)
})

beforeEach(() => {
  calls = []
  answer = () => ({})
})

afterAll(async () => {
  await wire.close()
})

function signed(service: string): string {
  const scope = `any/20260101/eu-central-1/${service}/aws4_request`
  return `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`
}

async function post(body: string, headers: Record<string, string>, path = '/') {
  const response = await fetch(wire.url + path, { method: 'POST', body, headers })
  const text = await response.text()
  // Request ids are random; what stands around them is not.
  const id = response.headers.get('x-amzn-requestid') ?? 'none'
  return { status: response.status, headers: response.headers, text: text.replaceAll(id, 'ID') }
}

const query = (service: string, body: string, path?: string) =>
  post(body, { authorization: signed(service), 'content-type': 'application/x-www-form-urlencoded' }, path)
const ec2 = (body: string, path?: string) => query('ec2', body, path)
const autoscaling = (body: string) => query('autoscaling', body)
const ssm = (operation: string, body: string) =>
  post(body, { authorization: signed('ssm'), 'x-amz-target': `AmazonSSM.${operation}` })

const prolog = '<?xml version="1.0" encoding="UTF-8"?>\n'

describe('the wire shapes of EC2 (captured from AWS: radkawar/stackd testdata/aws/ec2/network_interfaces.json)', () => {
  test('an answer is named after the operation, in the namespace with the slash at its end', async () => {
    answer = () => ({ NetworkInterfaces: [], NextToken: 'n&1' })
    const { status, text } = await ec2('Action=DescribeNetworkInterfaces&Version=2016-11-15')
    expect(status).toBe(200)
    expect(text).toBe(
      `${prolog}<DescribeNetworkInterfacesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">` +
        '<requestId>ID</requestId><networkInterfaceSet/><nextToken>n&amp;1</nextToken>' +
        '</DescribeNetworkInterfacesResponse>',
    )
  })

  test('an operation without an answer says true', async () => {
    const { text } = await ec2('Action=DeleteNetworkInterface&NetworkInterfaceId=eni-1')
    expect(text).toBe(
      `${prolog}<DeleteNetworkInterfaceResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">` +
        '<requestId>ID</requestId><return>true</return></DeleteNetworkInterfaceResponse>',
    )
  })

  test('an error has no namespace', async () => {
    answer = () => {
      throw new AwsError('InvalidNetworkInterfaceID.NotFound', "The networkInterface ID 'eni-<' does not exist")
    }
    const { status, text } = await ec2('Action=DeleteNetworkInterface&NetworkInterfaceId=eni-%3C')
    expect(status).toBe(400)
    expect(text).toBe(
      `${prolog}<Response><Errors><Error><Code>InvalidNetworkInterfaceID.NotFound</Code>` +
        '<Message>The networkInterface ID &apos;eni-&lt;&apos; does not exist</Message></Error></Errors>' +
        '<RequestID>ID</RequestID></Response>',
    )
  })
})

describe('the wire shapes of Auto Scaling', () => {
  test('an answer stands in a result, and an empty list is an empty element', async () => {
    answer = () => ({ AutoScalingGroups: [] })
    const { text } = await autoscaling('Action=DescribeAutoScalingGroups&Version=2011-01-01')
    expect(text).toBe(
      `${prolog}<DescribeAutoScalingGroupsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">` +
        '<DescribeAutoScalingGroupsResult><AutoScalingGroups/></DescribeAutoScalingGroupsResult>' +
        '<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></DescribeAutoScalingGroupsResponse>',
    )
  })

  test('an empty answer has an empty result, and an operation without an answer has none', async () => {
    const complete = 'AutoScalingGroupName=g&LifecycleHookName=h&LifecycleActionResult=CONTINUE'
    expect((await autoscaling(`Action=CompleteLifecycleAction&${complete}`)).text).toContain(
      '<CompleteLifecycleActionResult></CompleteLifecycleActionResult><ResponseMetadata>',
    )
    const suspend = await autoscaling('Action=SuspendProcesses&AutoScalingGroupName=g')
    expect(suspend.text).not.toContain('SuspendProcessesResult')
  })

  test('an error is in the namespace and says whose fault it is', async () => {
    answer = () => {
      throw new AwsError('ValidationError', 'AutoScalingGroup name not found - null')
    }
    const { status, text } = await autoscaling('Action=SuspendProcesses&AutoScalingGroupName=g')
    expect(status).toBe(400)
    expect(text).toBe(
      `${prolog}<ErrorResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><Error><Type>Sender</Type>` +
        '<Code>ValidationError</Code><Message>AutoScalingGroup name not found - null</Message></Error>' +
        '<RequestId>ID</RequestId></ErrorResponse>',
    )
  })
})

describe('the wire shapes of Systems Manager', () => {
  test('times are seconds since the epoch', async () => {
    answer = () => ({ Command: { CommandId: 'c', RequestedDateTime: new Date(1_767_225_600_500), InstanceIds: [] } })
    const { headers, text } = await ssm('SendCommand', '{"DocumentName":"d"}')
    expect(headers.get('content-type')).toBe('application/x-amz-json-1.1')
    expect(JSON.parse(text)).toEqual({
      Command: { CommandId: 'c', RequestedDateTime: 1_767_225_600.5, InstanceIds: [] },
    })
  })

  test('an error is named in the body and in a header, with the member that its shape declares', async () => {
    answer = () => {
      throw new AwsError('InvalidDocument', 'Document with name d does not exist.')
    }
    const { status, headers, text } = await ssm('SendCommand', '{"DocumentName":"d"}')
    expect(status).toBe(400)
    expect(headers.get('x-amzn-errortype')).toBe('InvalidDocument')
    expect(JSON.parse(text)).toEqual({ __type: 'InvalidDocument', Message: 'Document with name d does not exist.' })
  })
})

describe('reading', () => {
  test('a query is folded into lists, numbers, booleans and structures by the schema', async () => {
    await ec2(
      'Action=DescribeVolumes&Version=2016-11-15&MaxResults=7&DryRun=false&VolumeId.2=vol-2&VolumeId.1=vol-1' +
        '&VolumeId.10=vol-10&Filter.1.Name=tag%3Ax&Filter.1.Value.1=a+b&Filter.1.Value.2=c%2Cd',
    )
    expect(calls).toEqual([
      {
        operation: 'ec2.DescribeVolumes',
        input: {
          MaxResults: 7,
          DryRun: false,
          VolumeIds: ['vol-1', 'vol-2', 'vol-10'],
          Filters: [{ Name: 'tag:x', Values: ['a b', 'c,d'] }],
        },
      },
    ])
  })

  test('a query may stand in the address', async () => {
    const response = await fetch(`${wire.url}/?Action=DescribeSubnets&Version=2016-11-15`, {
      headers: { authorization: signed('ec2') },
    })
    expect(response.status).toBe(200)
    expect(calls).toEqual([{ operation: 'ec2.DescribeSubnets', input: {} }])
  })

  test.each([
    ['EC2, a number', () => ec2('Action=DescribeVolumes&MaxResults=many'), 'InvalidParameterValue'],
    ['EC2, a boolean', () => ec2('Action=DescribeVolumes&DryRun=perhaps'), 'InvalidParameterValue'],
    ['Auto Scaling, a time', () => autoscaling('Action=PutScheduledUpdateGroupAction&Time=soon'), 'MalformedInput'],
    ['Systems Manager, a list', () => ssm('SendCommand', '{"InstanceIds":"i-1"}'), 'SerializationException'],
    ['Systems Manager, a number', () => ssm('SendCommand', '{"TimeoutSeconds":"30"}'), 'SerializationException'],
    ['Systems Manager, no JSON', () => ssm('SendCommand', '{"'), 'SerializationException'],
    ['Systems Manager, not an object', () => ssm('SendCommand', '[]'), 'SerializationException'],
  ])('a value of another type is refused: %s', async (_, send, code) => {
    const { status, text } = await send()
    expect(status).toBe(400)
    expect(text).toContain(code)
    expect(calls).toEqual([])
  })

  test('a parameter that EC2 does not have is refused, unless it is common to all queries', async () => {
    const { text } = await ec2('Action=DescribeVolumes&Volume.1=vol-1')
    expect(text).toContain('<Code>UnknownParameter</Code><Message>The parameter Volume.1 is not recognized</Message>')
    const common = await ec2('Action=DescribeVolumes&AWSAccessKeyId=any&X-Amz-Date=20260101T000000Z&Timestamp=now')
    expect(common.status).toBe(200)
  })

  test.each([
    ['AttachVolume&Device=/dev/sdf&VolumeId=vol-1', 'MissingParameter', 'must contain the parameter InstanceId'],
    ['CreateTags&Tag.1.Key=a', 'MissingParameter', 'must contain the parameter resourceIdSet'],
    ['TerminateInstances', 'InvalidParameterCombination', 'No instances specified'],
  ])('what EC2 misses is named: %s', async (body, code, message) => {
    const { status, text } = await ec2(`Action=${body}`)
    expect(status).toBe(400)
    expect(text).toContain(`<Code>${code}</Code>`)
    expect(text).toContain(message)
    expect(calls).toEqual([])
  })

  test('what Auto Scaling misses is named, all of it, at any depth', async () => {
    const { text } = await autoscaling('Action=CreateOrUpdateTags&Tags.member.1.Value=x&Tags.member.2.Key=k')
    expect(text).toContain('<Code>ValidationError</Code>')
    expect(text).toContain(
      '1 validation error detected: Value null at &apos;tags.1.member.key&apos; failed to satisfy constraint: ' +
        'Member must not be null',
    )
    const group = await autoscaling('Action=CreateAutoScalingGroup')
    expect(group.text).toContain('3 validation errors detected')
  })

  test('what Systems Manager misses is named', async () => {
    const { text } = await ssm('GetCommandInvocation', '{"CommandId":"c"}')
    expect(JSON.parse(text)).toEqual({
      __type: 'ValidationException',
      Message:
        "1 validation error detected: Value null at 'instanceId' failed to satisfy constraint: Member must not be null",
    })
  })
})

describe('what is not there', () => {
  test('an action that AWS never had is refused as AWS does', async () => {
    expect((await ec2('Action=AttachDisk')).text).toContain(
      '<Code>InvalidAction</Code><Message>The action AttachDisk is not valid for this web service.</Message>',
    )
    expect((await autoscaling('Action=Constructor')).text).toContain('<Code>InvalidAction</Code>')
    expect(JSON.parse((await ssm('AttachDisk', '{}')).text)).toEqual({ __type: 'UnknownOperationException' })
    expect((await ec2('Version=2016-11-15')).text).toContain('<Code>MissingAction</Code>')
  })

  test.each([
    ['EC2', 'Action=DescribeVolumes&Version=2016-11-15', {}, 403, '<Response><Errors><Error><Code>MissingAuth'],
    ['Auto Scaling', 'Action=DescribeTags&Version=2011-01-01', {}, 403, '<Code>MissingAuthenticationToken</Code>'],
    ['SSM', '{}', { 'x-amz-target': 'AmazonSSM.SendCommand' }, 400, '"MissingAuthenticationTokenException"'],
  ])('a request that nobody signed is refused: %s', async (_, body, headers, status, text) => {
    const answered = await post(body, headers)
    expect(answered.status).toBe(status)
    expect(answered.text).toContain(text)
    expect(calls).toEqual([])
  })

  test('a signature without a scope is refused', async () => {
    const { status, text } = await post('Action=DescribeTags', { authorization: 'Bearer x' })
    expect(status).toBe(403)
    expect(text).toContain('<Code>IncompleteSignature</Code>')
  })

  test('a service that is not simulated is refused by name', async () => {
    const { status, text } = await query('sts', 'Action=GetCallerIdentity&Version=2011-06-15')
    expect(status).toBe(501)
    expect(text).toContain('<Message>sts is not simulated by the local cloud.</Message>')
  })

  test('a body above the limit is refused and not called', async () => {
    const { status, text } = await ec2(`Action=DescribeVolumes&NextToken=${'x'.repeat(1024 * 1024)}`)
    expect(status).toBe(413)
    expect(text).toContain('<Code>RequestEntityTooLarge</Code>')
    expect(calls).toEqual([])
  })
})
