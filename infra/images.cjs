/**
 * Images that need no more than their name: public parameters in which the publishers keep the id of the newest one.
 * CloudFormation reads them when it deploys, so that a replacement months later still starts from the same image.
 * Debian's own images are not among them, because they bring no Systems Manager agent.
 */
'use strict'

const fromParameter = (name) => `{{resolve:ssm:${name}}}`

const images = {
  'amazon-linux-2023': {
    arm64: fromParameter('/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64'),
    x86_64: fromParameter('/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64'),
    rootDevice: '/dev/xvda',
  },
  'ubuntu-24.04': {
    arm64: fromParameter('/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id'),
    x86_64: fromParameter('/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id'),
    rootDevice: '/dev/sda1',
  },
}

/** Graviton's families have a g right after the generation: m7g, c7gn, r8gd, t4g; the very first one was a1. */
const architectureOf = (instanceType) => (/^(a1|[a-z]+[0-9]+g[a-z]*)[.-]/.test(instanceType) ? 'arm64' : 'x86_64')

module.exports = { architectureOf, images }
