import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addressOf, bootMember, dataMount, serve, takeOver } from './ensemble.ts'
import { type Instance, javaEnvironment, missing, type Network, openNetwork } from './instance.ts'

const reason = await missing()
const parameters = { Peers: `1=${addressOf(1)}`, Bootstrap: 'permitted' }
const conf = '/etc/zookeeper/conf'

describe.skipIf(reason)(`ZooKeeper's settings${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let network: Network
  let host: Instance

  beforeAll(async () => {
    network = await openNetwork('stayput-settings')
    host = await bootMember(network, 1)
  })

  afterAll(() => network.close())

  const write = async (file: string, lines: readonly string[]): Promise<void> => {
    await host.run(`cat >${file} <<'END'\n${lines.join('\n')}\nEND`)
  }

  test.each([
    ['zoo.cfg', 'snapshot.trust.empty=true'],
    ['zoo.cfg', 'zookeeper.snapshot.trust.empty : TRUE'],
    ['zoo.cfg', 'forceSync no'],
    ['zoo.cfg', 'db.autocreate=true'],
    ['zoo.cfg', 'leaderServes=no'],
    ['environment', 'JAVA_OPTS="-Xmx64m -Dzookeeper.forceSync=no"'],
    ['java.env', 'export SERVER_JVMFLAGS=-Dzookeeper.db.autocreate=true'],
  ])('%s with %s is refused by its line', async (file, line) => {
    await write(`${conf}/${file}`, ['# First.', line])
    const refused = await takeOver(network, host, 1, { parameters })
    await write(`${conf}/${file}`, file === 'environment' ? [javaEnvironment] : [])
    expect(refused.exitCode).toBe(40)
    expect(refused.facts['because']).toContain(`${conf}/${file}:2 sets `)
  })

  test('an escape that only Java would understand is refused', async () => {
    await write(`${conf}/zoo.cfg`, ['for\\u0063eSync=no'])
    expect((await takeOver(network, host, 1, { parameters })).facts['because']).toContain('zoo.cfg:1 has a backslash')
  })

  test("the user's settings stand, except for those that the promises rest on", async () => {
    await write(`${conf}/zoo.cfg`, [
      '# Ours.',
      ' tickTime : 1500 ',
      'dataDir=/tmp/zookeeper',
      'server.1=elsewhere:1:2',
      'maxClientCnxns=7',
      'quorumListenOnAllIPs=true',
      'reconfigEnabled=true',
      '4lw.commands.whitelist=stat',
      'autopurge.purgeInterval=5\r',
    ])
    await serve(network, host, 1, { parameters })
    const lines = (await host.run('cat /etc/stayput/zookeeper/zoo.cfg')).stdout.trim().split('\n').slice(1)
    expect(lines.toSorted()).toEqual([
      '4lw.commands.whitelist=srvr,mntr,ruok,conf,stat',
      'admin.enableServer=false',
      'autopurge.purgeInterval=5',
      'autopurge.snapRetainCount=3',
      'clientPort=2181',
      'dataDir=/var/lib/zookeeper',
      'dataLogDir=/var/lib/zookeeper',
      'datadir.autocreate=false',
      'db.autocreate=false',
      'initLimit=10',
      'maxClientCnxns=7',
      'quorumListenOnAllIPs=false',
      'reconfigEnabled=true',
      'standaloneEnabled=false',
      'syncLimit=5',
      'tickTime=1500',
    ])
    expect((await host.run(`head -n 1 ${conf}/zoo.cfg`)).stdout).toBe('# Ours.\n')
  })

  test.each([
    ['3.5.10', 'too old'],
    ['3.9.3', 'ZOOKEEPER-4925'],
    ['snapshot', 'cannot tell the version'],
  ])('ZooKeeper %s is refused', async (version, because) => {
    const home = `/opt/apache-zookeeper-${version}-bin`
    await host.run(`mv /usr/share/java/zookeeper.jar /usr/share/java/hidden.jar
      mkdir -p ${home}/{bin,lib,conf}; touch ${home}/bin/zkServer.sh ${home}/lib/zookeeper-{jute-,}${version}.jar`)
    const refused = await takeOver(network, host, 1, { parameters })
    await host.run(`rm -r ${home}; mv /usr/share/java/hidden.jar /usr/share/java/zookeeper.jar`)
    expect(refused.facts['because']).toContain(because)
  })

  test('while the image is still being set up, an installation that is to come is waited for', async () => {
    await host.run('mv /usr/share/java/zookeeper.jar /usr/share/java/hidden.jar; mkdir /run/cloud-init')
    const change = ['zk_install_seconds=60', 'zk_install_seconds=1'] as const
    const refused = await takeOver(network, host, 1, { parameters, change })
    expect(refused).toMatchObject({ exitCode: 12, facts: { failed: 'busy' } })
    const waiting = takeOver(network, host, 1, { parameters })
    await host.run('mv /usr/share/java/hidden.jar /usr/share/java/zookeeper.jar')
    expect((await waiting).exitCode).toBe(0)
    await host.run('rmdir /run/cloud-init')
  })

  test("one of Apache's archives is run as its own scripts would", async () => {
    const home = '/opt/apache-zookeeper-3.8.0-bin'
    // The archive's zkEnv.sh sets JAVA, CLASSPATH and SERVER_JVMFLAGS from ZOOBINDIR and ZOOCFGDIR.
    await host.run(`mkdir -p ${home}/{bin,lib,conf}; ln -s ${home} /opt/zookeeper; touch ${home}/bin/zkServer.sh
      mv /usr/share/java/zookeeper.jar ${home}/lib/zookeeper-3.8.0.jar
      cat >${home}/bin/zkEnv.sh <<'END'
JAVA=java
CLASSPATH="$ZOOCFGDIR:$ZOOBINDIR/../lib/zookeeper-3.8.0.jar:/usr/share/java/slf4j-simple.jar"
SERVER_JVMFLAGS="-Xmx64m $SERVER_JVMFLAGS"
END
      echo syncLimit=4 >${home}/conf/zoo.cfg`)
    await serve(network, host, 1, { parameters })
    expect((await host.run('grep syncLimit /etc/stayput/zookeeper/zoo.cfg')).stdout).toBe('syncLimit=4\n')
    // So is its purge, which a start with little room on the disk runs.
    const purged = await host.run(`cd ${dataMount}/version-2
      for number in 1 2 3 4 5; do cp -p snapshot.0 snapshot.$number; done
      bash /usr/local/lib/stayput/zookeeper-run purge 3
      ls snapshot.*`)
    expect(purged).toMatchObject({ exitCode: 0, stdout: 'snapshot.3\nsnapshot.4\nsnapshot.5\n' })
  })
})
