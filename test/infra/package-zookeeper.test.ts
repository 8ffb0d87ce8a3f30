import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { projectFile } from '../../lab/stack/project.ts'
import { run } from './packaging.ts'

/**
 * What the launch template's user data does on an instance without ZooKeeper, done on this machine in a file system of
 * its own: nothing of it is left. The distribution's packages are taken to be there.
 */
const script = projectFile('infra/install-zookeeper.sh')

const possible = async (program: string, ...args: readonly string[]): Promise<boolean> =>
  run(program, args, '/', process.env).then(
    ({ exitCode }) => exitCode === 0,
    () => false,
  )
const archives = /^readonly archives=(\S+)$/m.exec(readFileSync(script, 'utf8'))?.[1] ?? ''
const missing = [
  ...((await possible('unshare', '--mount', 'true')) ? [] : ['root on Linux']),
  ...((await possible('java', '-version')) ? [] : ['Java']),
  ...((await possible('id', 'zookeeper')) ? [] : ['a user zookeeper, who comes with Debian’s package']),
  ...((await possible(
    'curl',
    '--fail',
    '--silent',
    '--max-time',
    '10',
    '--head',
    `${archives}/org/slf4j/slf4j-api/2.0.13/slf4j-api-2.0.13.pom`,
  ))
    ? []
    : ['the network']),
]
const reason = missing.length > 0 ? ` (skipped: needs ${missing.join(', ')})` : ''

/** Runs Bash where /opt is empty, no package has brought ZooKeeper, and packages install at once. */
const inside = (commands: string) =>
  run(
    'unshare',
    [
      '--mount',
      'bash',
      '-euc',
      `mount -t tmpfs none /opt
      [[ ! -d /usr/share/java ]] || mount -t tmpfs none /usr/share/java
      mkdir /opt/.bin
      printf '#!/bin/sh\\n' >/opt/.bin/apt-get
      cp /opt/.bin/apt-get /opt/.bin/dnf
      chmod 755 /opt/.bin/*
      PATH=/opt/.bin:$PATH
      ${commands}`,
    ],
    '/',
    { ...process.env, SCRIPT: script, HOST: projectFile('infra/host') },
  )

describe.skipIf(reason)(`an image without ZooKeeper${reason}`, () => {
  test('gets a server that starts, where the take-over looks for it; a second run changes nothing', async () => {
    const ran = await inside(`
      bash "$SCRIPT"
      before=$(find /opt -printf '%p %s %T@\\n' | sort)
      bash "$SCRIPT"
      [[ $(find /opt -printf '%p %s %T@\\n' | sort) == "$before" ]]
      ( . "$HOST/common.sh"; . "$HOST/parameters.sh"; . "$HOST/zookeeper.sh"; . "$HOST/zookeeper-settings.sh"
        zk_find; echo "found $zk_layout in $zk_home" )
      SERVER_JVMFLAGS=
      . /opt/zookeeper-3.9.5/bin/zkEnv.sh
      mkdir /opt/.data
      printf 'dataDir=/opt/.data\\nclientPort=0\\nclientPortAddress=127.0.0.1\\nadmin.enableServer=false\\n' >/opt/.data/zoo.cfg
      "$JAVA" $SERVER_JVMFLAGS -cp "$CLASSPATH" org.apache.zookeeper.server.quorum.QuorumPeerMain \\
        /opt/.data/zoo.cfg >/opt/.data/log 2>&1 &
      for look in {1..600}; do ! grep --max-count 1 'binding to port' /opt/.data/log || break; sleep 0.1; done
      kill $!`)
    expect(ran).toMatchObject({
      exitCode: 0,
      output: expect.stringMatching(
        /ZooKeeper 3\.9\.5 is in .*\n.*has ZooKeeper\nfound apache in \/opt\/zookeeper-3\.9\.5\n.*binding/s,
      ),
    })
  })

  test('an archive that is not what it should be is refused, and nothing half installed is left', async () => {
    const ran = await inside(`
      sed 's/^    [0-9a-f]\\{64\\}$/    ${'0'.repeat(64)}/' "$SCRIPT" >/opt/.bin/changed
      bash /opt/.bin/changed || echo "ended with $?"
      ls -A /opt`)
    expect(ran.output).toContain('zookeeper-3.9.5.jar is not what it should be')
    expect(ran.output).toMatch(/ended with 1\n\.bin\n$/)
  })
})

test('looks for ZooKeeper in the very places in which the take-over looks', () => {
  const places = (file: string): string =>
    /for candidate in (.*?); do/s.exec(readFileSync(projectFile(file), 'utf8'))?.[1]?.replaceAll(/[\\\s]+/g, ' ') ?? ''
  expect(places('infra/install-zookeeper.sh')).toContain('/opt/zookeeper*/bin/zkServer.sh')
  expect(places('infra/install-zookeeper.sh')).toBe(places('infra/host/zookeeper-settings.sh'))
})

const shellcheck = await possible('shellcheck', '--version')

test.skipIf(!shellcheck)(`shellcheck finds nothing${shellcheck ? '' : ' (skipped: needs shellcheck)'}`, async () => {
  expect(await run('shellcheck', [script], '/', process.env)).toEqual({ exitCode: 0, output: '' })
})
