/**
 * What only AWS knows about the settings, asked before a deployment creates anything: reads alone, with the credentials
 * of whoever deploys. Every fault is told at once and says what to do.
 */
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling'
import {
  DescribeImagesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import adoption from './adoption.cjs'
import { BadSettings } from './fault.cjs'
import images from './images.cjs'
import placement from './placement.cjs'

/**
 * @param {object} settings as settings.cjs gives them
 * @param {object} config of the SDK's clients: Region and credentials
 * @param {{ ids: Record<string, string>, resources: Record<string, object> }} deployed the stack as it is: physical ids and
 *   the template's resources, by logical ids
 * @throws {BadSettings} naming every fault
 */
export async function preflight(settings, config, deployed) {
  const ec2 = new EC2Client(config)
  const faults = settings.adopts
    ? adoption.faults(settings, { ...(await existingEnsemble(settings, ec2, new AutoScalingClient(config))), deployed })
    : placement.faults(settings, {
        ...(await surroundings(settings, ec2)),
        groups: await groupsOf(deployed, new AutoScalingClient(config)),
        deployed,
      })
  if (faults.length > 0) throw new BadSettings(`the account in ${settings.region}`, faults)
}

const some = (values) => [...new Set(values)]
const filter = (Name, Values) => ({ Name, Values })

/** Asked for by filter and not by id, because one id that does not exist would fail the whole call. */
async function surroundings({ ensemble, vpc, members, clients, image, instanceType }, ec2) {
  const subnetIds = some(members.map(({ subnet }) => subnet))
  const addresses = members.flatMap(({ address }) => address ?? [])
  const [subnets, groups, interfaces, offerings, found, belongings] = await Promise.all([
    ec2.send(new DescribeSubnetsCommand({ Filters: [filter('subnet-id', subnetIds)] })),
    clients.length > 0 && ec2.send(new DescribeSecurityGroupsCommand({ Filters: [filter('group-id', clients)] })),
    addresses.length > 0 &&
      ec2.send(
        new DescribeNetworkInterfacesCommand({
          Filters: [filter('vpc-id', [vpc]), filter('addresses.private-ip-address', addresses)],
        }),
      ),
    ec2.send(
      new DescribeInstanceTypeOfferingsCommand({
        LocationType: 'availability-zone',
        Filters: [filter('instance-type', [instanceType])],
      }),
    ),
    image.startsWith('ami-') && ec2.send(new DescribeImagesCommand({ Filters: [filter('image-id', [image])] })),
    belongingsOf(ensemble, ec2),
  ])
  return {
    subnets: subnets.Subnets ?? [],
    securityGroups: groups ? (groups.SecurityGroups ?? []) : [],
    interfaces: interfaces ? (interfaces.NetworkInterfaces ?? []) : [],
    zones: (offerings.InstanceTypeOfferings ?? []).map(({ Location }) => Location),
    image: found ? found.Images?.[0] : undefined,
    architecture: images.architectureOf(instanceType),
    belongings,
  }
}

/** The groups that the stack has now, some of which may be about to go. */
async function groupsOf({ ids }, autoScaling) {
  const names = Object.keys(ids).flatMap((id) => (/^Member[0-9]+Group$/.test(id) ? ids[id] : []))
  if (names.length === 0) return []
  const found = await autoScaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: names }))
  return found.AutoScalingGroups ?? []
}

async function existingEnsemble({ ensemble, groups }, ec2, autoScaling) {
  const [found, belongings] = await Promise.all([
    autoScaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: groups })),
    belongingsOf(ensemble, ec2),
  ])
  return { groups: found.AutoScalingGroups ?? [], ...belongings }
}

/** What carries the ensemble's tag, whoever created it. */
async function belongingsOf(ensemble, ec2) {
  const Filters = [filter('tag:stayput:ensemble', [ensemble])]
  const [interfaces, volumes] = await Promise.all([
    ec2.send(new DescribeNetworkInterfacesCommand({ Filters })),
    ec2.send(new DescribeVolumesCommand({ Filters })),
  ])
  return { interfaces: interfaces.NetworkInterfaces ?? [], volumes: volumes.Volumes ?? [] }
}
